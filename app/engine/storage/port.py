"""What every remote storage can do: say what an object is, and read parts of it. Kinds: `http`, `s3`.

Errors are Failures with the codes of inputs: INPUT_NOT_FOUND, INPUT_ACCESS_DENIED, SSRF_BLOCKED,
INPUT_TOO_LARGE, and INPUT_DOWNLOAD_FAILED for whatever another try may heal.
"""

from collections.abc import Iterator
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
