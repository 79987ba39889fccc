"""Programs that are forked from a process in which they are loaded already: Python's fork server.

Six programs of one service load the same modules, a second and a half of CPU each. Here one process
loads them, and is copied: a program begins at once, and what none of them changes is in memory once.
"""

import atexit
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from setproctitle import setproctitle

from app.embedded.server import CannotStart
from app.engine.family import is_over

_FIRST = "app.embedded.loading"
_LOADS_FOR = "MEDIA_PIPELINE_LOADS_FOR"
"""To the process that loads: the process that has started it for that."""
_PR_SET_PDEATHSIG = 1
_HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Not for the process that loads, as they go to the group of whoever started it. A copy takes what came for
it when it can."""
_POLL_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Forked:
    """A program that was forked, with what subprocess.Popen has."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self.poll()

    def poll(self) -> int | None:
        """None while it runs, also where who forked it is gone and can tell no exit code."""
        code = self.process.exitcode
        return None if code is None or not is_over(self.pid) else code

    def wait(self, timeout: float | None = None) -> int:
        """Raises: subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        self.process.join(timeout)
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired(self.process.name, timeout or 0)
            time.sleep(_POLL_S)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


@dataclass(frozen=True, kw_only=True)
class Forks:
    """Starts `program` with words and an environment, in a copy of a process that has imported `module`.
    `env`: what modules read of their environment when they are loaded; they should read no more."""

    module: str
    program: Callable[[Sequence[str]], None]
    env: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Begin to load, beside whatever the caller does; also where what had loaded is gone."""
        preload = [_FIRST, self.module]
        multiprocessing.get_context("forkserver").set_forkserver_preload(preload)
        given = {**self.env, _LOADS_FOR: str(os.getpid())}
        before = {name: os.environ[name] for name in given if name in os.environ}
        os.environ.update(given)
        try:
            forkserver.ensure_running()
        finally:
            for name in given:
                del os.environ[name]
            os.environ.update(before)

    def begin(self, argv: Sequence[str], env: Mapping[str, str], log_file: Path) -> Forked:
        """Start the program, in a session of its own; it is told to end when its parent dies.

        Raises: CannotStart, OSError.
        """
        self.prepare()
        process = multiprocessing.get_context("forkserver").Process(
            target=_serve, name=" ".join(argv), args=(self.program, argv, dict(env), log_file),
            daemon=True,  # who ends while it starts one does not wait for that
        )  # fmt: skip
        try:
            process.start()
        except EOFError as error:
            raise CannotStart("the process that starts the others has ended") from error
        return Forked(process=process)


def is_forked() -> bool:
    """Whether this process began as a copy, and not as a program of its own."""
    return multiprocessing.parent_process() is not None


def begin_loading() -> None:
    """What the process that loads does first: it goes when its parent does, however that ends, and with
    nobody else. Does nothing elsewhere."""
    if os.environ.get(_LOADS_FOR) != str(os.getppid()):
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
    _end_with_parent(signal.SIGKILL)
    setproctitle("media-pipeline: starts the processes of a service")


def _serve(
    program: Callable[[Sequence[str]], None],
    argv: Sequence[str],
    env: Mapping[str, str],
    log_file: Path,
) -> None:
    """The copy becomes the program. Runs in the new process."""
    os.setsid()
    _end_with_parent(signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD_BACK)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for standard, found in ((0, nothing), (1, log), (2, log)):
        os.dup2(found, standard)
    os.close(nothing)
    os.close(log)

    setproctitle(" ".join(("media-pipeline", *argv)))  # finds its place by the first environment
    os.environ.clear()
    os.environ.update(env)
    try:
        program(argv)
    except KeyboardInterrupt:
        pass
    finally:
        # multiprocessing does so from Python 3.13 on: spans are sent, and files written, at the exit
        atexit._run_exitfuncs()
        sys.stdout.flush()


def _end_with_parent(number: signal.Signals) -> None:
    """Let the kernel send us a signal when our parent dies (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
