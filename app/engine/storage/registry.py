"""Storage by scheme: how a URI is read, how it is written, and how what was staged there is removed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from app.engine.storage import local, s3
from app.engine.storage.http import HttpSource
from app.engine.storage.port import Publication, Source
from app.engine.web.client import Web
from planner.uri import parse_uri

KnownMarks = Callable[[str], Collection[str]]
"""The marks that are noted by now, of those that begin with a text."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What storage needs beside a URI: the folders of the tenant, the S3 server, the guarded client."""

    roots: Sequence[str]
    s3_endpoint: str
    web: Callable[[], Web]


@dataclass(frozen=True, kw_only=True)
class Output:
    """A file that is to appear at `uri`. `attempt` is unique among all attempts of all jobs."""

    uri: str
    attempt: str
    media_type: str


def _http_source(uri: str, access: Access) -> Source:
    return HttpSource(url=uri, web=access.web())


def _s3_source(uri: str, access: Access) -> Source:
    return s3.S3Source(uri=uri, endpoint=access.s3_endpoint)


def _s3_publication(output: Output, access: Access) -> Publication:
    target = s3.S3Object(uri=output.uri, endpoint=access.s3_endpoint)
    return s3.S3Publication(target=target, attempt=output.attempt, media_type=output.media_type)


def _local_publication(output: Output, access: Access) -> Publication:
    return local.plan_publication(output.uri, output.attempt, access.roots)


_SOURCES: Mapping[str, Callable[[str, Access], Source]] = {
    "http": _http_source,
    "https": _http_source,
    "s3": _s3_source,
}
"""How a scheme is read, but for files, which FFmpeg reads where they lie."""
_PUBLICATIONS: Mapping[str, Callable[[Output, Access], Publication]] = {
    "file": _local_publication,
    "s3": _s3_publication,
}


def open_source(uri: str, access: Access) -> Source:
    """Raises: KeyError where sources of this scheme are not opened."""
    return _SOURCES[parse_uri(uri).scheme](uri, access)


def plan_publication(output: Output, access: Access) -> Publication:
    """Raises: Failure; KeyError where nothing is written to this scheme."""
    return _PUBLICATIONS[parse_uri(output.uri).scheme](output, access)


def discard(mark: str, s3_endpoint: str, known: KnownMarks) -> None:
    """Remove what a mark stands for; it may be gone already. Raises: Failure, OSError."""
    if s3.is_mark(mark):
        s3.abort(mark, s3_endpoint, lambda: known(s3.MARKS))
    else:
        local.discard(mark)


UNCERTAIN = s3.UNCERTAIN
"""Marks of what may not exist, as a pattern of SQL's LIKE: they are looked at when they are old."""
