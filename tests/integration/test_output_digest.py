"""Checksums of what was published."""

import hashlib
from pathlib import Path

import pytest

from app import settings
from app.engine.storage import local
from app.services import output_digest
from app.store import jobs
from app.store.session import transaction
from app.store.status import JobStatus
from tests.helpers.rows import add_job

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


def published(tmp: Path, *names: str) -> str:
    """A completed job of one output, of so many files."""
    job_id = add_job(outputs=[])
    files = [{"uri": f"file://{tmp / name}", "size_bytes": 1, "md5": None} for name in names]
    with transaction() as session:
        jobs.set_output(session, job_id, 0, {"files": files})
        job = jobs.get(session, job_id)
        assert job
        job.status = JobStatus.COMPLETED.value
    return job_id


def sums(job_id: str) -> tuple[str | None, list[str | None]]:
    with transaction() as session:
        job = jobs.get(session, job_id)
    assert job
    (output,) = job.outputs
    return output["md5"], [file["md5"] for file in output["files"]]


@pytest.fixture
def media() -> Path:
    folder = Path(str(settings.current().media_roots).split(",")[0])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("keep_s", [5, -1])
def test_files_are_summed_and_an_output_of_one_has_its_sum(
    media: Path, keep_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_digest, "_KEEP_S", keep_s)
    for name in ("a", "b"):
        (media / name).write_text(name)
    a, b = (hashlib.md5(name.encode()).hexdigest() for name in "ab")
    one, two = published(media, "a"), published(media, "a", "b")
    for job_id in (one, two):
        output_digest.digest(job_id)
    assert sums(one) == (a, [a])
    assert sums(two) == (None, [a, b])


def test_what_has_its_sum_keeps_it_and_what_is_gone_stops_nobody(media: Path) -> None:
    (media / "there").write_text("there")
    job_id = published(media, "known", "gone", "there")
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        known, *others = job.outputs[0]["files"]
        jobs.set_output(session, job_id, 0, {"files": [{**known, "md5": "as it was"}, *others]})
    output_digest.digest(job_id)
    assert sums(job_id) == (None, ["as it was", None, hashlib.md5(b"there").hexdigest()])


def test_what_is_gone_by_then_keeps_null(media: Path) -> None:
    job_id = published(media, "gone")
    output_digest.digest(job_id)
    assert sums(job_id) == (None, [None])


def test_what_somebody_else_has_written_since_has_no_sum(media: Path) -> None:
    (media / "ours").write_text("ours")
    (media / "theirs").write_text("before")
    job_id = published(media, "ours", "theirs")
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        known = [{**f, "version": local.version_of(f["uri"][7:])} for f in job.outputs[0]["files"]]
        jobs.set_output(session, job_id, 0, {"files": known})
    (media / "theirs").write_text("another file")
    output_digest.digest(job_id)
    assert sums(job_id) == (None, [hashlib.md5(b"ours").hexdigest(), None])
