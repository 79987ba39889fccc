"""The end of a process is bounded, whatever its libraries wait for: a lock, a socket, a server that hangs.

A thread waits for the end to begin, from inside (`begin`) or because the parent is gone, and some time
later ends what is left of the process and of what it started.
"""

import os
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress

from app.engine.family import descendants, is_over

_LOOK_S = 1.0
_AGAIN_S = 3.0
_EXIT_CODE = 70  # EX_SOFTWARE: it did not end by itself


class LastDeadline(threading.Thread):
    """Of this process: it has `grace_s` from when its end begins. `parent` is the process that keeps us
    running, where there is one: without it we end."""

    def __init__(self, grace_s: float, parent: int | None = None) -> None:
        super().__init__(name="last deadline", daemon=True)
        self._grace_s, self._parent = grace_s, parent
        self._has_begun = threading.Event()

    def begin(self) -> None:
        """The process was told to end. Called in a signal handler: does nothing itself."""
        self._has_begun.set()

    def run(self) -> None:
        while not self._has_begun.wait(_LOOK_S):
            if self._parent is not None and _is_gone(self._parent):
                self._orphaned()
                break
        time.sleep(self._grace_s)
        try:
            _end_all(descendants(os.getpid()))
            # not by print: whoever is stuck may hold its lock
            os.write(2, f"not over {self._grace_s:.0f} s after its end began: ended\n".encode())
        finally:
            os._exit(_EXIT_CODE)

    def _orphaned(self) -> None:
        """Whoever started us is gone: nobody will tell us to end, unless the kernel did."""
        if not self._has_begun.wait(_AGAIN_S):
            os.kill(os.getpid(), signal.SIGTERM)


def _is_gone(parent: int) -> bool:
    """Our parent is another one, and this one is no more: whose environment was copied may live."""
    return os.getppid() != parent and is_over(parent)


def _end_all(pids: Iterable[int]) -> None:
    for pid in list(pids):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
