"""What a run of FFmpeg may take, and how it ended: values."""

from dataclasses import dataclass
from enum import StrEnum

from app.engine.progress import Progress


class Stop(StrEnum):
    """Why we stopped a run ourselves."""

    DEADLINE = "deadline"
    STALL = "stall"
    MEMORY = "memory"
    CANCELLED = "cancelled"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a process took by its end; a peak of 0 where it ended too soon to be looked at."""

    cpu_ms: int = 0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a run may take at most; None: no limit of ours."""

    memory_bytes: int | None = None
    """Resident, of the child and of what it started; watched."""
    file_bytes: int | None = None
    """Of each file that it writes; kept by the kernel, which ends it with SIGXFSZ."""
    address_bytes: int | None = None
    """Of addresses; kept by the kernel, which gives the child no more memory."""
    cpu_s: int | None = None
    """Of a processor's time; kept by the kernel, which ends it with SIGXCPU."""
    nicer: int = 0
    """Than others of ours: levels of niceness."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended. `exit_code` is None when a signal ended it; `usage` is of runs that ended
    by themselves."""

    exit_code: int | None
    signal: str | None
    stopped: Stop | None
    stderr_tail: tuple[str, ...]
    errors: tuple[str, ...]
    """Lines that are tagged as errors, the first and the last: however much noise is in between."""
    stdout: bytes
    progress: Progress
    wall_s: float
    usage: Usage = Usage()
    meters: tuple[str, ...] = ()
    """What filters with names logged of what they measured (`operators.sound.metered`)."""

    @property
    def is_success(self) -> bool:
        return self.exit_code == 0 and self.stopped is None

    @property
    def attributes(self) -> dict[str, str | int]:
        """For a span."""
        told: dict[str, str | int | None] = {
            "process.exit.code": self.exit_code,
            "process.signal": self.signal,
            "stopped": self.stopped,
            "cpu_ms": self.usage.cpu_ms,
            "peak_memory_bytes": self.usage.peak_memory_bytes,
            "frame": self.progress.frame,
            "out_time_ms": self.progress.out_time_ms,
            "total_size_bytes": self.progress.total_size_bytes,
        }
        return {key: value for key, value in told.items() if value is not None}
