"""`make test-full`: all tests in parts, several at a time, and a line about each at the end.

A part is a run of pytest that can also be started alone: `make test-full PART=chaos`. What no other part
names is in the part `rest`, so no test is left out.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app import settings
from app.engine import tools
from tests.helpers import pace

LOGS = Path(".cache/test-full")
_SLOTS = 4
"""Processes of pytest at once: on two cores, one of two waits."""
_DEBIAN = {"MEDIA_PIPELINE_TEST_FFMPEG": ".cache/ffmpeg-debian"}
GROUPED = ("--dist", "loadgroup", "--no-loadscope-reorder")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some tests; `processes` of pytest run them."""

    files: tuple[str, ...]
    marks: str = "full"
    processes: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    but: tuple[str, ...] = ()

    def command(self) -> list[str]:
        spread = ["-n", str(self.processes), *GROUPED] if self.processes > 1 else []
        without = [f"--ignore={path}" for path in self.but]
        return [sys.executable, "-m", "pytest", "-m", self.marks, *spread, *without, *self.files]


_LONG = {
    # the longest are begun first
    "equivalence": Part(files=("tests/integration/test_equivalence.py",), processes=2),
    "chaos": Part(files=("tests/e2e/test_chaos.py",)),
    "api": Part(files=("tests/e2e/test_contract.py",)),
    "media": Part(files=("tests/integration/test_geometry.py",), processes=2),
    "zoo": Part(files=tuple(f"tests/integration/test_{name}.py" for name in ("zoo", "chains", "colours", "alpha", "interlaced")), processes=2),
    "models": Part(files=("tests/integration/test_state_machine.py", "tests/unit/planner/test_structure.py"), processes=2),
}  # fmt: skip
PARTS: dict[str, Part] = {
    **_LONG,
    "debian": Part(files=("tests/integration", "tests/e2e"), marks="not full", processes=2, env=_DEBIAN),
    "quick": Part(files=("tests",), marks="not full", processes=2),
    "rest": Part(files=("tests",), but=tuple(path for part in _LONG.values() for path in part.files)),
}  # fmt: skip


@dataclass(kw_only=True)
class Run:
    """A part that runs, or has run."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0
    cpu_s: float = 0

    def has_ended(self) -> bool:
        if self.child.returncode is None:
            pid, status, used = os.wait4(self.child.pid, os.WNOHANG)
            if not pid:
                return False
            self.child.returncode = os.waitstatus_to_exitcode(status)
            self.seconds = time.monotonic() - self.began
            self.cpu_s = used.ru_utime + used.ru_stime
        return True

    def line(self) -> str:
        last = self.log.read_text(errors="replace").rstrip().rpartition("\n")[2].strip("= ")
        state = "passed" if self.child.returncode == 0 else "FAILED"
        return f"{self.name:12}{state:8}{self.seconds:7.0f} s {self.cpu_s:7.0f} s CPU  {last}"


def start(name: str) -> Run:
    log = LOGS / f"{name}.log"
    with open(log, "wb") as out:
        child = subprocess.Popen(
            PARTS[name].command(), env={**os.environ, **PARTS[name].env}, stdin=subprocess.DEVNULL,
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return Run(name=name, child=child, log=log)


def run_all() -> Iterator[Run]:
    """Each part when it is over; the next one starts as soon as there is room."""
    waiting, running = list(PARTS), list[Run]()
    while waiting or running:
        busy = sum(PARTS[run.name].processes for run in running)
        for name in [one for one in waiting if busy + PARTS[one].processes <= _SLOTS][:1]:
            waiting.remove(name)
            running.append(start(name))
        for run in [one for one in running if one.has_ended()]:
            running.remove(run)
            yield run
        time.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-full", description=__doc__)
    parser.add_argument("part", nargs="?", choices=[*PARTS, ""], default="")
    part = parser.parse_args().part
    if part:
        return subprocess.run(
            PARTS[part].command(), env={**os.environ, **PARTS[part].env}, check=False
        ).returncode

    LOGS.mkdir(parents=True, exist_ok=True)
    pace.share(pace.measure(tools.find(settings.load(os.environ)).ffmpeg))
    began, runs = time.monotonic(), list[Run]()
    for run in run_all():
        print(run.line(), flush=True)
        runs.append(run)
        if run.child.returncode:
            print(run.log.read_text(errors="replace")[-20_000:], flush=True)

    print(f"\nall parts, {time.monotonic() - began:.0f} s; their output is in {LOGS}/")
    print("\n".join(run.line() for run in sorted(runs, key=lambda run: -run.seconds)))
    return max(abs(run.child.returncode) for run in runs)


if __name__ == "__main__":
    sys.exit(main())
