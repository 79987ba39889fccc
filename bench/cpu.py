"""What processes have used, from /proc: their own CPU, and that of the children they waited for."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.service import stat

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Used:
    """CPU seconds: of Python itself, and of the commands that it ran."""

    own: float
    children: float

    def since(self, before: "Used") -> "Used":
        return Used(own=self.own - before.own, children=self.children - before.children)


def used(pids: Sequence[int]) -> Used:
    """Of processes that are all still there."""
    fields = [stat(pid) for pid in pids]
    own = sum(int(f[11]) + int(f[12]) for f in fields) / _TICKS
    children = sum(int(f[13]) + int(f[14]) for f in fields) / _TICKS
    return Used(own=own, children=children)


def private_bytes(pids: Sequence[int]) -> int:
    """Memory that processes have for themselves, without what they share with others."""
    found = 0
    for pid in pids:
        with suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            found += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))  # fmt: skip
    return found * 1024
