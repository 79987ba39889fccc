"""How files appear at their destination, whatever that is: whole, at once, or not at all."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from app.engine.storage import local, s3
from app.engine.storage.port import Publication
from app.engine.storage.s3 import S3Object, S3Publication
from app.errors import Failure
from planner.uri import file_uri
from tests.helpers.s3 import S3Server

pytestmark = pytest.mark.server

BODY = random.Random(5).randbytes(40_000_000)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A kind of destination, and what is there."""

    plan: Callable[[str], Publication]
    read: Callable[[str], bytes | None]
    left: Callable[[], list[str]]
    """What is there that is not an output."""


def _folder(root: Path) -> Place:
    def read(name: str) -> bytes | None:
        return (root / name).read_bytes() if (root / name).exists() else None

    return Place(
        plan=lambda name: local.plan_publication(
            file_uri(str(root / name)), "job-s1-1", [str(root)]
        ),
        read=read,
        left=lambda: [path.name for path in root.rglob(".*.part")],
    )


def _bucket(server: S3Server) -> Place:
    def plan(name: str) -> Publication:
        target = S3Object(uri=f"s3://media/{name}", endpoint=server.endpoint)
        return S3Publication(target=target)

    return Place(
        plan=plan,
        read=lambda name: server.get(name) if name in server.keys(name) else None,
        left=server.uploads,
    )


@pytest.fixture(params=["local", "moto", "nanio"])
def place(request: pytest.FixtureRequest, tmp_path: Path, moto: S3Server, nanio: S3Server) -> Place:
    servers = {"moto": moto, "nanio": nanio}
    if request.param == "local":
        (tmp_path / "root").mkdir()
        return _folder(tmp_path / "root")
    return _bucket(servers[request.param])


def work(tmp_path: Path, body: bytes) -> str:
    path = tmp_path / "work"
    path.write_bytes(body)
    return str(path)


def ignore(_: object) -> None:
    pass


@pytest.mark.parametrize("body", [BODY, b"small", b""], ids=["large", "small", "empty"])
def test_it_appears_at_once_and_whole(place: Place, tmp_path: Path, body: bytes) -> None:
    name = f"out/{len(body)}.bin"
    publication = place.plan(name)
    noted: list[str] = []
    publication.stage(work(tmp_path, body), noted.append, ignore)
    assert place.read(name) is None
    made = publication.reveal()
    assert place.read(name) == body
    assert made.size_bytes == len(body)
    assert made.md5 in (None, hashlib.md5(body).hexdigest())
    assert noted[-1:] == publication.marks
    assert place.left() == []


def test_it_replaces_what_was_there(place: Place, tmp_path: Path) -> None:
    for body in (b"old", b"new and longer"):
        publication = place.plan("out/replaced.bin")
        publication.stage(work(tmp_path, body), ignore, ignore)
        publication.reveal()
    assert place.read("out/replaced.bin") == b"new and longer"


def test_what_is_discarded_leaves_nothing(place: Place, tmp_path: Path) -> None:
    publication = place.plan("out/discarded.bin")
    publication.stage(work(tmp_path, BODY), ignore, ignore)
    publication.discard()
    publication.discard()
    assert (place.read("out/discarded.bin"), place.left()) == (None, [])


def test_whoever_watches_may_stop_it(place: Place, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(_: int) -> None:
        raise Enough

    publication = place.plan("out/stopped.bin")
    try:
        publication.stage(work(tmp_path, BODY), ignore, stop)
    except Enough:
        pass
    publication.discard()
    assert (place.read("out/stopped.bin"), place.left()) == (None, [])


@pytest.mark.parametrize("kind", ["moto", "nanio"])
def test_an_upload_whose_id_was_never_noted_is_found(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: S3Server = request.getfixturevalue(kind)
    begun = [
        server.api.create_multipart_upload(Bucket="media", Key="lost.bin")["UploadId"]
        for _ in range(2)
    ]
    server.api.create_multipart_upload(Bucket="media", Key="lost.bin.other")
    kept = f"s3://media/lost.bin#upload={begun[0]}"
    monkeypatch.setattr(s3, "_YOUNG", timedelta(minutes=1))
    if kind == "nanio":  # moto's uploads are as old as moto
        s3.abort("s3://media/lost.bin#upload=?", server.endpoint)
        assert sorted(server.uploads()) == ["lost.bin", "lost.bin", "lost.bin.other"]
    monkeypatch.setattr(s3, "_YOUNG", timedelta(minutes=-1))
    s3.abort("s3://media/lost.bin#upload=?", server.endpoint, lambda: (kept,))
    assert sorted(server.uploads()) == ["lost.bin", "lost.bin.other"]
    s3.abort(kept, server.endpoint)
    s3.abort(kept, server.endpoint)  # again is the same
    assert server.uploads() == ["lost.bin.other"]
    s3.abort("s3://media/lost.bin.other#upload=?", server.endpoint)


def test_refusals_have_their_codes(
    nanio: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def code(uri: str, endpoint: str) -> str:
        with pytest.raises(Failure) as caught:
            S3Publication(target=S3Object(uri=uri, endpoint=endpoint)).stage(
                work(tmp_path, b"x"), ignore, ignore
            )
        return str(caught.value.code)

    assert code("s3://no-such-bucket/x", nanio.endpoint) == "OUTPUT_WRITE_FAILED"
    assert code("s3://media/x", "http://127.0.0.1:1") == "OUTPUT_UPLOAD_FAILED"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    s3._client.cache_clear()
    assert code("s3://media/x", nanio.endpoint) == "OUTPUT_ACCESS_DENIED"
    s3._client.cache_clear()
