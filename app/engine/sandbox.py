"""What FFmpeg is kept in: no network, no other files, no privileges; the best that the host has.

Files and TCP by Landlock, everything else of the network by a namespace of its own, privileges by
setpriv. What is missing is told by the doctor, and never keeps FFmpeg from its work.
"""

import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from app.engine import landlock, limits, seccomp


class _Process(Protocol):
    @property
    def pid(self) -> int: ...


Child = TypeVar("Child", bound=_Process)
_FONTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fonts")
_PROGRAMS = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives",
    sys.prefix, sys.base_prefix,
)  # fmt: skip
_FACTS = ("/etc/fonts", "/etc/localtime", "/sys/devices/system/cpu", _FONTS)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_DIES = ("setpriv", "--pdeathsig", "KILL")
_NOTHING_NEW = ("--no-new-privs",)
# a service that runs as root may read what others own; Landlock says which of it
_NO_PRIVILEGES = ("--inh-caps=-all", "--bounding-set=-all,+dac_override,+dac_read_search")
_NO_NETWORK = ("unshare", "--net", "--")
# writes to /proc, so it does not go with Landlock
_NO_NETWORK_FOR_USERS = ("unshare", "--user", "--map-current-user", "--net", "--")
_NICE = 5


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The files that a run may open, beside programs and fonts: places, with no link in them."""

    readable: Sequence[str] = ()
    writable: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Walls:
    """What this host can do: what stands before a command, and what that gives."""

    prefix: tuple[str, ...]
    has_landlock: bool
    has_seccomp: bool = False
    has_limits: bool = True
    """Of memory, CPU and files, before a program begins."""

    @property
    def shown(self) -> str:
        network = (
            "no network" if "--net" in self.prefix
            else "no TCP" if landlock.version() >= 4 else "the network is open"
        )  # fmt: skip
        files = (
            f"own files only (Landlock {landlock.version()})"
            if self.has_landlock
            else "all files of its user"
        )
        rights = "no new privileges" if _NOTHING_NEW[0] in self.prefix else "its user's privileges"
        calls = "no sockets" if self.has_seccomp else "all system calls"
        late = "" if self.has_limits else ", limits that come a moment late (no prlimit)"
        return f"FFmpeg: {files}, {network}, {rights}, {calls}{late}"

    @property
    def is_whole(self) -> bool:
        has_all = self.has_landlock and self.has_seccomp and self.has_limits
        return has_all and "is open" not in self.shown


def choose(works: Callable[[tuple[str, ...]], bool]) -> Walls:
    """The best that `works` here: it tries what stands before a command."""
    has_landlock = landlock.version() > 0
    inner = [(*_DIES, *_NOTHING_NEW, *_NO_PRIVILEGES), (*_DIES, *_NOTHING_NEW), _DIES]
    outer = [_NO_NETWORK, *([] if has_landlock else [_NO_NETWORK_FOR_USERS]), ()]
    prefixes = [(*net, *privileges, "--") for net in outer for privileges in inner]
    return Walls(
        prefix=next(filter(works, prefixes), ()),
        has_landlock=has_landlock,
        has_seccomp=seccomp.works(),
        has_limits=limits.hold_at_once(),
    )


@contextmanager
def started(
    walls: Walls,
    start: Callable[[Sequence[str]], Child],
    argv: Sequence[str],
    reach: Reach | None,
    nicer: int = 0,
) -> Iterator[Child]:
    """A child within the walls. `start` starts a command line; `reach` None: its files are not
    bound; `nicer` than other children. Raises: whatever `start` raises."""
    line = [*walls.prefix, *argv]
    allowed = _allowed(argv[0], reach) if reach is not None and walls.has_landlock else None
    if reach is None or not (allowed or walls.has_seccomp):
        child = start(line)
        _bound(child.pid, nicer)
        yield child
        return
    starter = _Starter(lambda: start(line), allowed, reach.readable, walls.has_seccomp)
    try:
        child = starter.child()
        _bound(child.pid, nicer)
        yield child
    finally:
        starter.over.set()
        starter.join()


def _allowed(program: str, reach: Reach) -> dict[str, int]:
    homes = {os.path.dirname(program), os.path.dirname(os.path.realpath(program))} - {"", "/"}
    return landlock.merged(
        ((*_PROGRAMS, *homes), landlock.RUN),
        ((*_FACTS, *reach.readable), landlock.READ),
        ((*_DEVICES, *reach.writable), landlock.WRITE),
    )


class _Starter(threading.Thread, Generic[Child]):
    """Landlock and seccomp bind a thread and what it starts, so a child is started by a thread of its
    own. It stays until the child has ended: the kernel ends a child whose parent thread goes."""

    def __init__(
        self,
        start: Callable[[], Child],
        allowed: dict[str, int] | None,
        held: Sequence[str],
        has_seccomp: bool,
    ) -> None:
        super().__init__(name="starter", daemon=True)
        self._start_child, self._allowed, self._held = start, allowed, frozenset(held)
        self._has_seccomp = has_seccomp
        self._found: Child | BaseException | None = None
        self._is_ready, self.over = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            if self._allowed is not None:
                landlock.restrict_thread(self._allowed, self._held)
            if self._has_seccomp:
                seccomp.restrict_thread()
            self._found = self._start_child()
        except BaseException as error:
            self._found = error
        self._is_ready.set()
        self.over.wait()

    def child(self) -> Child:
        self.start()
        self._is_ready.wait()
        if isinstance(self._found, BaseException):
            raise self._found
        assert self._found is not None
        return self._found


def _bound(pid: int, nicer: int) -> None:
    """Behind those who serve, and without a core dump: it would hold what the media hold."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, _NICE + nicer)
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
