"""When a run must be stopped: its deadline, a stall, too much memory, or its caller's wish."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.engine.family import descendants, stat
from app.engine.outcome import Stop
from app.engine.progress import Progress

Tick = Callable[[Progress], Stop | None]
"""Called several times a second; returning a reason stops the run."""


@dataclass(kw_only=True)
class Watch:
    """Looks at a run again and again, and remembers what it saw."""

    deadline: float
    stall_s: float
    tick: Tick | None
    memory_bytes: int | None
    peak_memory_bytes: int = 0
    _seen: object = None
    _moved_at: float = field(default_factory=time.monotonic)

    def verdict(self, progress: Progress, pid: int) -> Stop | None:
        now = time.monotonic()
        self.peak_memory_bytes = max(self.peak_memory_bytes, _peak_memory(pid))
        state = (progress.out_time_ms, progress.total_size_bytes, progress.frame, _cpu_ticks(pid))
        if state != self._seen:
            self._seen, self._moved_at = state, now
        wish = self.tick(progress) if self.tick else None
        if wish:
            return wish
        if self.memory_bytes and self.peak_memory_bytes > self.memory_bytes:
            return Stop.MEMORY
        if now > self.deadline:
            return Stop.DEADLINE
        return Stop.STALL if now - self._moved_at > self.stall_s else None


def _peak_memory(pid: int) -> int:
    """The most memory that a process has had, and what those that it started have now; its rusage
    would tell of the one that forked it."""
    return _memory(pid, "VmHWM:") + sum(_memory(child, "VmRSS:") for child in descendants(pid))


def _memory(pid: int, name: str) -> int:
    try:
        with open(f"/proc/{pid}/status") as status:
            line = next(line for line in status if line.startswith(name))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        return 0


def _cpu_ticks(pid: int) -> int:
    """User and system CPU of a process in clock ticks; 0 where it cannot be known."""
    return sum(map(int, stat(pid)[11:13]))
