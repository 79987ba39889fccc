"""What a process has started, as the kernel tells it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


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
