"""The one module that starts programs: FFmpeg and ffprobe to their end, and servers beside us.

A run is bounded by a deadline and a stall timeout and can be stopped at every tick. Whatever
happens to us, the child's whole process group goes: SIGTERM, a grace, SIGKILL, reaped.
"""

import logging
import os
import re
import shutil
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import IO, Protocol

from app import log, tracing
from app.engine import limits, sandbox
from app.engine.outcome import Bounds, Outcome, Stop, Usage
from app.engine.pipes import Lines, Pipes, Whole
from app.engine.progress import ProgressReader
from app.engine.sandbox import Reach, Walls
from app.engine.watch import Tick, Watch

_log = logging.getLogger(__name__)
_UNBOUNDED = Bounds()
_TAIL_LINES = 60
_METER_LINES = 1000
_ERROR_LINES = 40
_METER = re.compile(r"^\[astats@")
_ERROR_TAG = re.compile(r"\[(error|fatal|panic)\]")
_CAPTURE_BYTES = 32 << 20
_POLL_S = 0.2
_LATE_S = 5.0
_ENDING_S = 0.1
_TRIES = 3


class Child(Protocol):
    """A process that we started, as subprocess.Popen shows it."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...


@dataclass(kw_only=True)
class _Said:
    """What a child wrote to stderr, bounded at both ends."""

    speaker: str
    errors: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    meters: deque[str] = field(default_factory=lambda: deque(maxlen=_METER_LINES))

    def take(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        self.tail.append(text)
        if _log.isEnabledFor(logging.DEBUG):
            log.get(__name__).debug(text, said_by=self.speaker)
        if _METER.match(text):
            self.meters.append(text)
        if len(self.errors) < _ERROR_LINES and _ERROR_TAG.search(text):
            self.errors.append(text)

    @property
    def all_errors(self) -> tuple[str, ...]:
        late = [line for line in self.tail if _ERROR_TAG.search(line)]
        return tuple(dict.fromkeys([*self.errors, *late]))


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
) -> Outcome:
    """Run a command to its end. stdout is FFmpeg's progress, or kept when `capture` is set, or
    given to `lines` line by line.

    The child has no stdin, a clean environment, its own session, the walls of `app.engine.sandbox`
    with the files in `reach`, and dies with us, or where `tick` raises.
    """
    begun = time.monotonic()

    def start(line: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*limits.prefix(bounds), *line],
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
        sandbox.started(walls(), start, argv, reach, bounds.nicer) as child,
    ):
        try:
            limits.impose(child.pid, bounds)
            reader, whole, said = ProgressReader(), Whole(_CAPTURE_BYTES), _Said(speaker=name)
            watch = Watch(
                deadline=begun + timeout_s, stall_s=stall_s, tick=tick,
                memory_bytes=bounds.memory_bytes,
            )  # fmt: skip
            with Pipes(
                (child.stdout, whole if capture else Lines(lines or reader.feed)),
                (child.stderr, Lines(said.take)),
            ) as pipes:
                stopped, usage = _wait(child, watch, reader, pipes)
                if stopped:
                    _ask_to_end(child)
                    asked_at = time.monotonic()
                    pipes.read(grace_s)  # its last words
                    grace_s = max(_ENDING_S, grace_s - (time.monotonic() - asked_at))
                pipes.read(_LATE_S, until_idle=True)
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
            meters=tuple(said.meters),
            stdout=whole.content,
            progress=reader.progress,
            wall_s=time.monotonic() - begun,
            usage=usage,
        )
        span.set_attributes(outcome.attributes)
        return outcome


def _wait(
    child: subprocess.Popen[bytes], watch: Watch, reader: ProgressReader, pipes: Pipes
) -> tuple[Stop | None, Usage]:
    while True:
        pipes.read(_POLL_S)  # both are closed when it ends, which is how we learn of it at once
        cpu_ms = _reap(child, 0 if pipes.are_open else _POLL_S)
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


def _ask_to_end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)


def _end_group(child: Child, grace_s: float) -> None:
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


def clean_environment(home: str) -> dict[str, str]:
    """Nothing of ours: no proxies, no FFREPORT, no credentials."""
    return {"PATH": os.defpath, "HOME": home, "LANG": "C.UTF-8"}


@cache
def walls() -> Walls:
    """What keeps FFmpeg in on this host; found out once, by trying."""
    return sandbox.choose(_works)


def _works(prefix: tuple[str, ...]) -> bool:
    for _ in range(_TRIES):
        try:
            tried = subprocess.run(
                [*prefix, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
            )  # fmt: skip
            return tried.returncode == 0
        except FileNotFoundError:
            return False
        except (OSError, subprocess.TimeoutExpired):
            continue  # of a busy machine, and what is found holds for as long as we live
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


def end(child: Child, grace_s: float) -> None:
    """Stop a server beside us, which leads its session, and what it started."""
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
