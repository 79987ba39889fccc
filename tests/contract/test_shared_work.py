"""Work files that workers share by S3."""

from pathlib import Path

import pytest

from app.engine.storage.shared_work import SharedWork
from app.errors import Failure
from tests.helpers.s3 import S3Server

pytestmark = pytest.mark.server

KEY = ("job_1", "s1", 1)


def test_what_is_kept_is_brought_and_what_is_gone_is_said(nanio: S3Server, tmp_path: Path) -> None:
    store = SharedWork(uri="s3://media/shared", endpoint=nanio.endpoint)
    made = tmp_path / "made"
    made.mkdir()
    (made / "a.mkv").write_bytes(b"frames")
    store.keep(str(made), KEY, ["a.mkv"], lambda _: None)
    store.bring(str(tmp_path / "there"), KEY, lambda _: None)
    assert (tmp_path / "there" / "a.mkv").read_bytes() == b"frames"
    # a worker died while it kept another
    nanio.api.create_multipart_upload(Bucket="media", Key="shared/job_1/s2/1/b.mkv")
    store.remove("job_1")
    assert nanio.keys("shared/") == []
    assert nanio.uploads() == []
    with pytest.raises(Failure, match="gone"):
        store.bring(str(tmp_path / "again"), KEY, lambda _: None)
    assert not (tmp_path / "again").exists()
