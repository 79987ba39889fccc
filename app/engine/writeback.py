"""Let the disk begin while a file is still being written: what must be on it for good in the end is waited
for then, and that wait is short where most is there already.

`sync_file_range(2)` starts and waits for nothing. Where there is none, fsync does all in the end.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

_EVERY_S = 0.2
_WRITE = 2  # SYNC_FILE_RANGE_WRITE


@cache
def _call() -> Callable[..., Any] | None:
    call: Any = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if call is not None:
        call.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return call  # type: ignore[no-any-return]


def begin(descriptor: int) -> None:
    """Begin to write what is dirty of an open file."""
    call = _call()
    if call is not None:
        call(descriptor, 0, 0, _WRITE)


@contextmanager
def along(paths: Sequence[str]) -> Iterator[Callable[[], None]]:
    """What to call now and then while somebody writes these files: from the first call on a thread
    begins again and again. What is over before that needs none."""
    is_over = threading.Event()

    def work() -> None:
        while True:
            for path in paths:
                with suppress(OSError):  # it may not be there yet
                    _begin(path)
            if is_over.wait(_EVERY_S):
                return

    # nobody waits for it: a disk may be slow to take even this
    thread = threading.Thread(target=work, name="writeback", daemon=True)

    def go_on() -> None:
        if paths and thread.ident is None:
            thread.start()

    try:
        yield go_on
    finally:
        is_over.set()


def _begin(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        begin(descriptor)
    finally:
        os.close(descriptor)
