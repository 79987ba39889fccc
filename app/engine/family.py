"""What the kernel tells of a process, and of what it has started."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OVER: tuple[list[str], ...] = ([], ["Z"], ["X"])


def stat(pid: int) -> list[str]:
    """What /proc/PID/stat says behind the name: state, parent, group, session, … (proc(5)); empty where
    the process is gone or somebody else's."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def is_over(pid: int) -> bool:
    """Whether a process is no more; one that waits for its parent to notice is."""
    return stat(pid)[:1] in _OVER


def descendants(pid: int) -> Iterator[int]:
    """The children of a process, and theirs; none where the kernel does not tell."""
    found: set[int] = set()
    with suppress(OSError):  # it may end while it is looked at
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError, ValueError):
                found.update(map(int, (thread / "children").read_text().split()))
    for child in found:
        yield child
        yield from descendants(child)
