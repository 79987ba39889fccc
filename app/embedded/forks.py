"""Programs that are forked from a process in which they are loaded already: Python's fork server.

Six programs of one service load the same modules, a second and a half of CPU each. Here one process
loads them, and is copied: a program begins at once, and what none of them changes is in memory once.
"""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from setproctitle import setproctitle

_PR_SET_PDEATHSIG = 1
_NOT_OURS = (signal.SIGTERM, signal.SIGHUP)
"""Signals to the group of whoever started the service: its programs get their own."""


@dataclass(frozen=True, kw_only=True)
class Forked:
    """A program that was forked, with what subprocess.Popen has."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Raises: subprocess.TimeoutExpired."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0)
        return self.process.exitcode

    def terminate(self) -> None:
        self.process.terminate()


@dataclass(frozen=True, kw_only=True)
class Forks:
    """Starts `program` with words and an environment, in a copy of a process that has imported `module`."""

    module: str
    program: Callable[[Sequence[str]], None]

    def prepare(self) -> None:
        """Begin to load, beside whatever the caller does. The environment is that of now: what modules
        read of it when they are loaded stays, so `module` should load none that do."""
        multiprocessing.get_context("forkserver").set_forkserver_preload([self.module])
        forkserver.ensure_running()

    def begin(self, argv: Sequence[str], env: Mapping[str, str], log_file: Path) -> Forked:
        """Start the program, in a session of its own; it is told to end when its parent dies.

        Raises: OSError.
        """
        process = multiprocessing.get_context("forkserver").Process(
            target=_serve, name=" ".join(argv), args=(self.program, argv, dict(env), log_file),
            daemon=True,  # who ends while it starts one does not wait for that
        )  # fmt: skip
        try:
            process.start()
        except EOFError as error:
            raise OSError("the process that starts others has ended") from error
        return Forked(process=process)


def is_forked() -> bool:
    """Whether this process began as a copy, and not as a program of its own."""
    return multiprocessing.parent_process() is not None


def begin_forking() -> None:
    """What the loaded process does at the end of its `module`: it goes when its parent does, however
    that ends, and with nobody else."""
    for number in _NOT_OURS:
        signal.signal(number, signal.SIG_IGN)
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
    for number in _NOT_OURS:
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for standard, found in ((0, nothing), (1, log), (2, log)):
        os.dup2(found, standard)
    os.close(nothing)
    os.close(log)

    setproctitle(" ".join(("media-pipeline", *argv)))  # finds its place by the first environment
    os.environ.clear()
    os.environ.update(env)
    with suppress(KeyboardInterrupt):
        program(argv)
    sys.stdout.flush()


def _end_with_parent(number: signal.Signals) -> None:
    """Let the kernel send us a signal when our parent dies (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
