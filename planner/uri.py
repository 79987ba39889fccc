"""Where media lies: source and destination URIs, taken apart without touching the world."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_KEY_BYTES = 1024
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class BadUri(ValueError):
    """Not a URI that we can use. `suggestion` says what would be."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True, kw_only=True)
class Uri:
    """`file:///a/b.mp4` is scheme file, host "", path /a/b.mp4 (decoded, `..` resolved);
    `s3://bucket/a/b.mp4` is host bucket, path /a/b.mp4 (as it is: S3 has no escapes)."""

    scheme: str
    host: str
    path: str

    @property
    def name(self) -> str:
        return posixpath.basename(self.path)


def parse_uri(text: str) -> Uri:
    """Take a URI apart. For `file`, all that follows is the path: `?` and `#` are ordinary there.

    Raises: BadUri.
    """
    match = _SCHEME.match(text)
    if not match:
        shown = quote(text) if text.startswith("/") else None
        hint = f'Write "file://{shown}".' if shown else 'For example "file:///media/talk.mp4".'
        raise BadUri("must be a URI with a scheme", hint)
    scheme, rest = match[1].lower(), text[match.end() :]
    if "\0" in unquote(rest):
        raise BadUri("must not hold a NUL character")
    if scheme in _READERS:
        return _READERS[scheme](rest)
    return _url(text)


def _url(text: str) -> Uri:
    try:
        parts = urlsplit(text)
        host, has_user = parts.hostname, "@" in parts.netloc
        port = f":{parts.port}" if parts.port else ""
    except ValueError as error:  # half an IPv6 address, a port that is none
        raise BadUri("must be a URI") from error
    if not host:
        raise BadUri("must name a host")
    if has_user:
        raise BadUri("must not hold a user or password", "Use a presigned URL instead.")
    shown = f"[{host}]" if ":" in host else host
    return Uri(scheme=parts.scheme, host=shown + port, path=unquote(parts.path) or "/")


def _s3(rest: str) -> Uri:
    bucket, _, key = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise BadUri("must name a bucket", 'For example "s3://bucket/talks/a.mp4".')
    if not key or key.endswith("/"):
        raise BadUri("must name an object", 'For example "s3://bucket/talks/a.mp4".')
    if any(part in ("", ".", "..") for part in key.split("/")):
        raise BadUri('must not hold empty parts, "." or ".."')
    if len(key.encode()) > _KEY_BYTES:
        raise BadUri(f"must have a key of at most {_KEY_BYTES} bytes")
    return Uri(scheme="s3", host=bucket, path=f"/{key}")


def _file(rest: str) -> Uri:
    host, slash, path = rest.partition("/")
    if host not in ("", "localhost"):
        raise BadUri(
            f'a file URI has no host, but this one names "{host}"',
            f'Write "file:///{rest}" with three slashes.',
        )
    path = posixpath.normpath("/" + unquote(path).lstrip("/")) if slash else ""
    if path in ("", "/"):
        raise BadUri("must name a file")
    return Uri(scheme="file", host="", path=path)


_READERS: dict[str, Callable[[str], Uri]] = {"file": _file, "s3": _s3}


def is_remote(text: str) -> bool:
    """Whether this is to be fetched, or sent, before FFmpeg or after it."""
    return not text.lower().startswith("file:")


def file_uri(path: str) -> str:
    """The file URI of an absolute path."""
    return "file://" + quote(path)


def is_inside(path: str, root: str) -> bool:
    """Whether a normal path lies below a folder, by its text alone."""
    base = posixpath.normpath(root)
    return path.startswith(base.rstrip("/") + "/")
