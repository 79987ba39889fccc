"""The limits that the kernel keeps of a run. They hold before the program begins: on a busy machine it
has gigabytes before whoever started it has its next turn."""

import resource
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from app.engine.outcome import Bounds

_OPTIONS = {
    resource.RLIMIT_FSIZE: "--fsize",
    resource.RLIMIT_AS: "--as",
    resource.RLIMIT_CPU: "--cpu",
}


def prefix(bounds: Bounds) -> tuple[str, ...]:
    """What stands before a command; nothing where there are no bounds, or no `prlimit`."""
    wanted = _wanted(bounds)
    program = _prlimit()
    if not wanted or program is None:
        return ()
    return (program, *(f"{_OPTIONS[kind]}={most}" for kind, most in wanted.items()), "--")


def impose(pid: int, bounds: Bounds) -> None:
    """The same from outside, a moment late, where there is no `prlimit`."""
    if hold_at_once():
        return
    with suppress(ProcessLookupError):  # it has ended already
        for kind, most in _wanted(bounds).items():
            resource.prlimit(pid, kind, (most, most))


def _wanted(bounds: Bounds) -> Mapping[int, int]:
    """A limit of our own that is narrower is inherited, and stays."""
    most = {
        resource.RLIMIT_FSIZE: bounds.file_bytes,
        resource.RLIMIT_AS: bounds.address_bytes,
        resource.RLIMIT_CPU: bounds.cpu_s,
    }
    hard = {kind: resource.getrlimit(kind)[1] for kind in most}
    return {
        kind: wanted
        for kind, wanted in most.items()
        if wanted is not None and (hard[kind] == resource.RLIM_INFINITY or hard[kind] > wanted)
    }


def hold_at_once() -> bool:
    """Whether they hold before a program begins."""
    return _prlimit() is not None


@cache
def _prlimit() -> str | None:
    return shutil.which("prlimit")
