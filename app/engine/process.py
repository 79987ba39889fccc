"""The one module that starts processes: FFmpeg and ffprobe to their end, and servers beside us.

A run is bounded by a deadline and a stall timeout and can be stopped at every tick. Whatever
happens to us, the child's whole process group goes: SIGTERM, a grace, SIGKILL, reaped.
"""

import logging
import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import IO

from app import log, tracing
from app.engine import sandbox
from app.engine.outcome import Bounds, Outcome, Stop, Usage
from app.engine.progress import Progress, ProgressReader
from app.engine.sandbox import Reach, Walls

_log = logging.getLogger(__name__)
_UNBOUNDED = Bounds()
_TAIL_LINES = 60
_ERROR_LINES = 40
_ERROR_TAG = re.compile(r"\[(error|fatal|panic)\]")
_LINE_BYTES = 2000
_CAPTURE_BYTES = 32 << 20
_POLL_S = 0.2


Tick = Callable[[Progress], Stop | None]
"""Called every `_POLL_S`; returning a reason stops the run."""


@dataclass(kw_only=True)
class _Said:
    """What a child wrote to stderr, bounded at both ends."""

    speaker: str
    errors: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))

    def take(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        self.tail.append(text)
        if _log.isEnabledFor(logging.DEBUG):
            log.get(__name__).debug(text, said_by=self.speaker)
        if len(self.errors) < _ERROR_LINES and _ERROR_TAG.search(text):
            self.errors.append(text)

    @property
    def all_errors(self) -> tuple[str, ...]:
        late = [line for line in self.tail if _ERROR_TAG.search(line)]
        return tuple(dict.fromkeys([*self.errors, *late]))


@dataclass(kw_only=True)
class _Watch:
    """Decides when a run must be stopped: deadline, stall, or the caller's wish."""

    deadline: float
    stall_s: float
    tick: Tick | None
    memory_bytes: int | None
    seen: object = None
    moved_at: float = field(default_factory=time.monotonic)
    peak_memory_bytes: int = 0

    def verdict(self, progress: Progress, pid: int) -> Stop | None:
        now = time.monotonic()
        self.peak_memory_bytes = max(self.peak_memory_bytes, _peak_memory(pid))
        state = (progress.out_time_ms, progress.total_size_bytes, progress.frame, _cpu_ticks(pid))
        if state != self.seen:
            self.seen, self.moved_at = state, now
        wish = self.tick(progress) if self.tick else None
        if wish:
            return wish
        if self.memory_bytes and self.peak_memory_bytes > self.memory_bytes:
            return Stop.MEMORY
        if now > self.deadline:
            return Stop.DEADLINE
        return Stop.STALL if now - self.moved_at > self.stall_s else None


def run(
    argv: Sequence[str],
    *,
    cwd: str,
    timeout_s: float,
    stall_s: float = 120,
    tick: Tick | None = None,
    capture: bool = False,
    lines: Callable[[bytes], object] | None = None,
    grace_s: float = 1.0,
    bounds: Bounds = _UNBOUNDED,
    reach: Reach | None = None,
    niceness: int = 0,
) -> Outcome:
    """Run a command to its end. stdout is FFmpeg's progress, or kept when `capture` is set, or
    given to `lines` line by line.

    The child has no stdin, a clean environment, its own session, the walls of `app.engine.sandbox`
    with the files in `reach`, and dies with us.
    """
    begun = time.monotonic()

    def start(line: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            line,
            cwd=cwd,
            env=clean_environment(cwd),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    name = os.path.basename(argv[0])
    with (
        tracing.span("run " + name.partition("-")[0], **{"process.executable.name": name}) as span,
        sandbox.started(walls(), start, argv, reach) as child,
    ):
        try:
            if niceness:
                with suppress(ProcessLookupError):  # it has ended already
                    os.setpriority(os.PRIO_PROCESS, child.pid, niceness)
            if bounds.file_bytes:
                # a moment after its start: no FFmpeg has written so much by then
                _limit_files(child.pid, bounds.file_bytes)
            reader = ProgressReader()
            captured: list[bytes] = []
            said = _Said(speaker=name)
            take = captured.append if capture else lines or reader.feed
            drains = [
                _drain(child.stdout, take, _CAPTURE_BYTES if capture else None),
                _drain(child.stderr, said.take, None),
            ]
            watch = _Watch(
                deadline=begun + timeout_s, stall_s=stall_s, tick=tick,
                memory_bytes=bounds.memory_bytes,
            )  # fmt: skip
            stopped, usage = _wait(child, watch, reader)
            if stopped:
                _end_group(child, grace_s)
            for drain in drains:
                drain.join(timeout=5)
        finally:
            _end_group(child, grace_s)
        # a child that cannot even be killed (a hung network disk) has no code yet
        code = -signal.SIGKILL if child.returncode is None else child.returncode
        outcome = Outcome(
            exit_code=code if code >= 0 else None,
            signal=signal.Signals(-code).name if code < 0 else None,
            stopped=stopped,
            stderr_tail=tuple(said.tail),
            errors=said.all_errors,
            stdout=b"".join(captured),
            progress=reader.progress,
            wall_s=time.monotonic() - begun,
            usage=usage,
        )
        span.set_attributes(outcome.attributes)
        return outcome


def _limit_files(pid: int, most_bytes: int) -> None:
    with suppress(ProcessLookupError):  # it has ended already
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        if hard == resource.RLIM_INFINITY or hard > most_bytes:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, most_bytes))


def _wait(
    child: subprocess.Popen[bytes], watch: _Watch, reader: ProgressReader
) -> tuple[Stop | None, Usage]:
    while True:
        cpu_ms = _reap(child, _POLL_S)
        if cpu_ms is not None:
            return None, Usage(cpu_ms=cpu_ms, peak_memory_bytes=watch.peak_memory_bytes)
        verdict = watch.verdict(reader.progress, child.pid)
        if verdict:
            return verdict, Usage()


def _reap(child: subprocess.Popen[bytes], timeout_s: float) -> int | None:
    """Wait for the child's end. Unlike Popen.wait this also learns its CPU time, in ms."""
    deadline, delay = time.monotonic() + timeout_s, 0.0005
    while True:
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return round((used.ru_utime + used.ru_stime) * 1000)
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(delay, left))
        delay = min(delay * 2, 0.02)


def _drain(
    pipe: IO[bytes] | None, take: Callable[[bytes], object], limit: int | None
) -> threading.Thread:
    """Empty a pipe line by line in a thread, so that the child never blocks on it."""

    def work() -> None:
        assert pipe is not None
        left = limit
        with pipe:
            while line := pipe.readline(_CAPTURE_BYTES if limit else _LINE_BYTES):
                if left is None or (left := left - len(line)) >= 0:
                    take(line)

    thread = threading.Thread(target=log.carried(work), daemon=True)
    thread.start()
    return thread


def _end_group(child: subprocess.Popen[bytes], grace_s: float) -> None:
    """Stop the child's process group, grandchildren included, and reap the child."""
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
        if child.poll() is not None and number is signal.SIGTERM:
            continue
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            pass
        try:
            child.wait(timeout=wait_s)
        except subprocess.TimeoutExpired:
            continue


def _peak_memory(pid: int) -> int:
    """The most memory that a process has had; its rusage would tell of the one that forked it."""
    try:
        with open(f"/proc/{pid}/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration, ValueError):
        return 0


def _cpu_ticks(pid: int) -> int:
    """User and system CPU of a process in clock ticks; 0 where it cannot be known."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return 0


def clean_environment(home: str) -> dict[str, str]:
    """Nothing of ours: no proxies, no FFREPORT, no credentials."""
    return {"PATH": os.defpath, "HOME": home, "LANG": "C.UTF-8"}


@cache
def walls() -> Walls:
    """What keeps FFmpeg in on this host; found out once, by trying."""
    return sandbox.choose(_works)


def _works(prefix: tuple[str, ...]) -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        tried = subprocess.run(
            [*prefix, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
        )
        return tried.returncode == 0
    return False


@cache
def dies_with_parent(signal_name: str) -> tuple[str, ...]:
    """A prefix that makes the kernel signal the child when its parent dies (Linux)."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", signal_name, "--") if setpriv else ()


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log: IO[bytes] | None = None,
    cwd: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server beside us, in a session of its own; it is told to end when we die."""
    return subprocess.Popen(
        [*dies_with_parent("TERM"), *argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log else None,
        start_new_session=True,
    )


def end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    """Stop a server that `spawn` started, and what it started."""
    _end_group(child, grace_s)


def call(argv: Sequence[str], *, env: Mapping[str, str], timeout_s: float) -> str:
    """Run a small helper program (initdb and the like) and give its output.

    Raises: subprocess.CalledProcessError, with the output in it.
    """
    done = subprocess.run(
        list(argv), env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=timeout_s, check=True,
    )  # fmt: skip
    return done.stdout.decode("utf-8", "replace")
