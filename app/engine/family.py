"""What a process has started, as the kernel tells it."""

from collections.abc import Iterator
from pathlib import Path


def descendants(pid: int) -> Iterator[int]:
    """The children of a process, and theirs; none where the kernel does not tell."""
    found: set[int] = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found.update(map(int, thread.read_text().split()))
        except (OSError, ValueError):
            continue
    for child in found:
        yield child
        yield from descendants(child)
