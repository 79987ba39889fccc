"""Where media lies: source and destination URIs, taken apart without touching the world."""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class BadUri(ValueError):
    """Not a URI that we can use. `suggestion` says what would be."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True, kw_only=True)
class Uri:
    """`file:///a/b.mp4` is scheme file, host "", path /a/b.mp4 (decoded, `..` resolved)."""

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
    if scheme == "file":
        return _file(rest)
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname)
    except ValueError as error:  # half an IPv6 address and the like
        raise BadUri("must be a URI") from error
    if not has_host:
        raise BadUri("must name a host or bucket")
    return Uri(scheme=scheme, host=parts.netloc, path=unquote(parts.path))


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


def file_uri(path: str) -> str:
    """The file URI of an absolute path."""
    return "file://" + quote(path)


def is_inside(path: str, root: str) -> bool:
    """Whether a normal path lies below a folder, by its text alone."""
    base = posixpath.normpath(root)
    return path.startswith(base.rstrip("/") + "/")
