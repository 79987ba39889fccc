"""What storage can do: say what an object is, read parts of it, publish a file. Kinds: `local`, `http`, `s3`.

Errors of sources are Failures with the codes of inputs: INPUT_NOT_FOUND, INPUT_ACCESS_DENIED, SSRF_BLOCKED,
INPUT_TOO_LARGE, and INPUT_DOWNLOAD_FAILED for whatever another try may heal.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Described:
    """What is known of an object without reading it."""

    size_bytes: int | None
    """None: it ends when it ends."""
    version: str | None
    """Of its content (an ETag, else a date); None: there is no telling whether it changes."""
    has_ranges: bool
    """Whether parts of it can be asked for."""
    md5: str | None = None
    """Of its content, in hex, where the server tells it."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """A file at its destination; md5 in hex, None where it is computed later."""

    size_bytes: int
    md5: str | None = None
    version: str | None = None
    """Of a local file without a checksum yet: what it must still be when that is computed."""


class Publication(Protocol):
    """A file on its way to a destination: staged out of sight, revealed at once."""

    @property
    def marks(self) -> list[str]:
        """What stands for it in the list of what must be removed if nobody reveals it. What was
        noted before and is not among these any more may be forgotten."""
        ...

    def stage(
        self, work_file: str, note: Callable[[str], None], tick: Callable[[int], object]
    ) -> None:
        """Bring the file there, out of sight. `note` is told what must be removed if nobody
        reveals it, before that exists. Raises: Failure; whatever `tick` raises."""
        ...

    def reveal(self) -> Published:
        """Make it appear, replacing what was there. Raises: Failure."""
        ...

    def discard(self) -> None:
        """Remove what was staged, as far as it is there. Raises: Failure."""
        ...


class Source(Protocol):
    """An object that can be read."""

    @property
    def host(self) -> str:
        """Who serves it, for the circuit breaker and for people."""
        ...

    def describe(self) -> Described:
        """Raises: Failure."""
        ...

    def read(
        self, start: int = 0, stop: int | None = None, version: str | None = None
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes from `start` to before `stop` of that version of the object. Anything but a
        start of 0 needs ranges. Raises: Failure, at once or while it is read."""
        ...
