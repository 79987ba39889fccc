"""What every source does, whatever serves it."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from app.engine.storage.fetch import Fetch
from app.engine.storage.http import HttpSource
from app.engine.storage.port import Source
from app.engine.storage.s3 import S3Source
from app.engine.web.client import Web
from app.engine.web.guard import Guard
from app.errors import Failure
from tests.helpers.s3 import S3Server
from tests.helpers.web import WebServer

pytestmark = pytest.mark.server

BODY = random.Random(3).randbytes(3_000_000)
Put = Callable[[str, bytes | None], Source]
OPEN = Web(guard=Guard(allows_private=True))


@pytest.fixture(params=["http", "presigned", "moto", "nanio"])
def put(request: pytest.FixtureRequest, web: WebServer, moto: S3Server, nanio: S3Server) -> Put:
    """Make an object of some bytes, or none; how it is read."""

    def by_http(name: str, body: bytes | None) -> Source:
        web.pages.pop(f"/{name}", None)
        if body is not None:
            web.put(f"/{name}", body, etag=f'"{hash(body)}"')
        return HttpSource(url=web.url(f"/{name}"), web=OPEN)

    def presigned(name: str, body: bytes | None) -> Source:
        if body is not None:
            nanio.put(name, body)
        return HttpSource(url=nanio.presigned(name), web=OPEN)

    def of_s3(server: S3Server) -> Put:
        def by_s3(name: str, body: bytes | None) -> Source:
            if body is not None:
                server.put(name, body)
            return S3Source(uri=f"s3://media/{name}", endpoint=server.endpoint)

        return by_s3

    kinds = {"http": by_http, "presigned": presigned, "moto": of_s3(moto), "nanio": of_s3(nanio)}
    return kinds[request.param]


def read(
    source: Source, start: int = 0, stop: int | None = None, version: str | None = None
) -> bytes:
    with source.read(start, stop, version) as chunks:
        return b"".join(chunks)


def test_it_says_what_it_is(put: Put) -> None:
    known = put("described", BODY).describe()
    assert (known.size_bytes, known.has_ranges) == (len(BODY), True)
    assert known.version
    assert put("described", BODY + b"x").describe().version != known.version


def test_it_is_read_whole_or_in_part(put: Put) -> None:
    source = put("parts", BODY)
    assert read(source) == BODY
    assert read(source, 5, 10) == BODY[5:10]
    assert read(source, len(BODY) - 3) == BODY[-3:]
    assert read(source, 0, 1) == BODY[:1]


def test_nothing_has_no_bytes(put: Put) -> None:
    source = put("empty", b"")
    assert source.describe().size_bytes == 0
    assert read(source) == b""


def test_what_is_not_there_is_not_found(put: Put) -> None:
    source = put("missing", None)
    for act in (source.describe, lambda: read(source)):
        with pytest.raises(Failure) as caught:
            act()
        assert caught.value.code == "INPUT_NOT_FOUND"


def test_another_version_is_refused(put: Put) -> None:
    source = put("changing", BODY)
    version = source.describe().version
    put("changing", BODY[::-1])
    with pytest.raises(Failure) as caught:
        read(source, 10, 20, version)
    assert caught.value.code == "INPUT_DOWNLOAD_FAILED"
    assert "changed" in str(caught.value)


def test_it_is_fetched(put: Put, tmp_path: Path) -> None:
    source, seen = put("fetched", BODY), []
    fetch = Fetch(
        source=source, known=source.describe(), path=str(tmp_path / "x"), most_bytes=1 << 30,
        tick=seen.append,
    )  # fmt: skip
    fetch.need(100, 200)
    fetch.whole()
    assert (tmp_path / "x").read_bytes() == BODY
    assert fetch.arrived == len(BODY)
    assert seen == sorted(seen)
    assert seen[-1] == len(BODY)


def test_whoever_watches_may_stop_it(put: Put, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def stop(_: int) -> None:
        raise Enough

    source = put("stopped", BODY)
    with pytest.raises(Enough):
        Fetch(
            source=source, known=source.describe(), path=str(tmp_path / "x"), most_bytes=1 << 30, tick=stop
        ).whole()  # fmt: skip
