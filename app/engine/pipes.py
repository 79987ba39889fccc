"""What a child writes to its pipes, handed on as it comes. No threads: to start one costs more than to read."""

import os
import selectors
import time
from collections.abc import Callable
from typing import IO, Protocol

_CHUNK_BYTES = 1 << 16
_LINE_BYTES = 2000

Take = Callable[[bytes], object]
Reader = Callable[[bytes], object]
"""Takes what was read; empty at the end."""


class _Pipe(Protocol):
    def fileno(self) -> int: ...
    def close(self) -> None: ...


class Lines:
    """Gives on line by line, and what is longer than 2000 bytes in pieces."""

    def __init__(self, take: Take) -> None:
        self._take, self._rest = take, b""

    def __call__(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._give(line + b"\n")
        while len(self._rest) >= _LINE_BYTES or (self._rest and not data):
            self._take(self._rest[:_LINE_BYTES])
            self._rest = self._rest[_LINE_BYTES:]

    def _give(self, line: bytes) -> None:
        for start in range(0, len(line), _LINE_BYTES):
            self._take(line[start : start + _LINE_BYTES])


class Whole:
    """Keeps everything, but never more than `most` bytes."""

    def __init__(self, most: int) -> None:
        self._left, self._chunks = most, list[bytes]()

    def __call__(self, data: bytes) -> None:
        if kept := data[: self._left]:
            self._chunks.append(kept)
            self._left -= len(kept)

    @property
    def content(self) -> bytes:
        return b"".join(self._chunks)


class Pipes:
    """A child's pipes, each with its reader. Use as a context manager: they are closed at its end."""

    def __init__(self, *pairs: tuple[_Pipe | IO[bytes] | None, Reader]) -> None:
        self._selector = selectors.PollSelector()
        self._pipes = [pipe for pipe, _ in pairs if pipe is not None]
        for pipe, reader in pairs:
            if pipe is not None:
                self._selector.register(pipe.fileno(), selectors.EVENT_READ, reader)

    def __enter__(self) -> "Pipes":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for key in self._selector.get_map().values():  # a grandchild may hold one open
                key.data(b"")
        finally:
            self._selector.close()
            for pipe in self._pipes:
                pipe.close()

    @property
    def are_open(self) -> bool:
        return bool(self._selector.get_map())

    def read(self, seconds: float, until_idle: bool = False) -> None:
        """Hand on what comes, for so long, or until all are closed: what wrote to them has ended.
        `until_idle`: or until there is nothing to read."""
        deadline = time.monotonic() + seconds
        while self.are_open:
            left = deadline - time.monotonic()
            ready = self._selector.select(0 if until_idle else max(0.0, left))
            for key, _ in ready:
                self._hand_on(key)
            if left <= 0 or (until_idle and not ready):
                return

    def _hand_on(self, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, _CHUNK_BYTES)
        if not data:
            self._selector.unregister(key.fd)
        key.data(data)
