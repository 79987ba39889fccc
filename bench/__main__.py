"""`make bench`: planning against its size, fused plans against node-by-node ones and experts'."""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app import settings
from app.engine import tools
from bench.calibrate import accuracy
from bench.experts import compare
from bench.pages import compare as pages_compared
from bench.queue import curve
from bench.transfers import compare as transfers_compared
from planner.parse import parse_spec
from planner.plan import Options, make_plan
from planner.policy import Policy
from planner.spec import Reference
from tests.helpers.infos import clip
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, op

_LARGEST = 500
_PROBED = {"src": clip()}


def median_s(work: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


_POLICY, _OPTIONS = Policy(roots=("/m",)), Options(ffmpeg_version="9")


def _chain(size: int) -> dict[str, Any]:
    """A spec of `size` operations, each on the one before."""
    chain = [
        op("trim", f"o{n}" if n else "src", f"o{n + 1}", start=0)
        if n % 2
        else op("scale", f"o{n}" if n else "src", f"o{n + 1}", width=320 + n % 9 * 2)
        for n in range(size)
    ]
    return job("file:///m/in.mp4", *chain, **{f"o{size}": Path("/m/o.mp4")})


def parsing_and_planning(size: int) -> float:
    """Seconds to parse, check and plan a chain of `size` operations."""
    spec = _chain(size)
    return median_s(lambda: make_plan(parse_spec(spec, _POLICY).spec, _PROBED, _OPTIONS), 5)


def planning(size: int) -> float:
    """Seconds to plan as many. A spec has 500 at most: parsed parts are put behind each other."""
    part = parse_spec(_chain(_LARGEST), _POLICY).spec
    operations = tuple(
        replace(
            operation,
            inputs=(Reference(id=f"o{n}" if n else "src"),),
            output=f"o{n + 1}",
        )
        for n, operation in enumerate(islice(cycle(part.operations), size))
    )
    output = replace(part.outputs[0], id=Reference(id=f"o{size}"))
    spec = replace(part, operations=operations, outputs=(output,))
    return median_s(lambda: make_plan(spec, _PROBED, _OPTIONS), 3)


def fusing(folder: Path) -> tuple[float, float]:
    """Wall seconds of a chain of five operations: fused, and node by node; taken in turn."""
    binaries = tools.find(settings.current())
    source = Media(binaries=binaries, folder=folder).clip("bench.mp4", seconds=10, size="1280x720")
    chain = [
        op("trim", "src", "a", start=1),
        op("scale", "a", "b", width=960),
        op("trim", "b", "c", end=7),
        op("scale", "c", "d", width=640),
        op("scale", "d", "e", width=480, height=480, fit="contain"),
    ]
    spec = job(source, *chain, e=folder / "o.mp4")
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(3):
        for is_fused in (True, False):
            began = time.perf_counter()
            render(spec, folder / "work", binaries, is_optimised=is_fused)
            times[is_fused].append(time.perf_counter() - began)
    return statistics.median(times[True]), statistics.median(times[False])


def main() -> int:
    table = Table("measure", "value", "to reach", "")
    whole = parsing_and_planning(_LARGEST)
    costs = {size: planning(size) for size in (10, 100, 500, 1000, 2500, 5000)}
    for size, seconds in costs.items():
        each = f"{seconds / size * 1e6:.0f} µs each"
        table.add_row(f"plan {size} operations", f"{seconds * 1000:.1f} ms", each, "")
    waits = curve()
    for size, spent in waits:
        shown = ", ".join(f"{name} {ms:.1f}" for name, ms in spent.items())
        table.add_row(f"one job among {size} that wait", f"{shown} ms", "", "")
    (_, few), *_, (_, many) = waits
    worst = max(many[name] / few[name] for name in few)
    moved = transfers_compared()
    pages = {name: (few_ms, many_ms) for name, few_ms, many_ms in pages_compared()}
    for name, (few_ms, many_ms) in pages.items():
        table.add_row(
            f"100 jobs of a list: {name}", f"{few_ms:.1f} ms, {many_ms:.1f} ms", "1 k, 1 M", ""
        )
    deep = max(pages[name][1] / pages[name][0] for name in ("newest", "last page"))
    growth = (costs[5000] / 5000) / (costs[500] / 500)
    with tempfile.TemporaryDirectory(prefix="media-pipeline-bench-") as folder:
        fused, stepwise = fusing(Path(folder))
        experts = list(compare(Path(folder), tools.find(settings.current())))
        untaught, taught, judged = accuracy(Path(folder), tools.find(settings.current()))
    rows = (
        ("parse, check and plan 500 operations", f"{whole * 1000:.0f} ms", "< 200 ms", whole < 0.2),
        ("cost of one operation, 5000 against 500", f"{growth:.2f} ×", "≤ 1.2 ×", growth <= 1.2),
        ("one job among 10,000 that wait, against 100", f"{worst:.1f} ×", "≤ 2 ×", worst <= 2),
        ("a page of jobs among 1,000,000, against 1,000", f"{deep:.1f} ×", "≤ 2 ×", deep <= 2),
        ("five operations, fused against node by node", f"{stepwise / fused:.2f} × faster", "≥ 1.5 ×", stepwise / fused >= 1.5),
        (f"wall time of {judged} steps, estimated by the table", f"{untaught:.0%} off", "-", True),
        (f"wall time of {judged} steps, after learning from others", f"{taught:.0%} off", "≤ 25 %", taught <= 0.25),
        *((f"a gigabyte, {name}: throughput against the tool's", f"{ratio:.2f} ×", "≥ 0.8 ×", ratio >= 0.8) for name, ratio, _ in moved),
        *((f"a gigabyte, {name}: memory", f"{peak >> 20} MiB", "< 150 MB", peak < 150_000_000) for name, _, peak in moved),
        *((f"{name}: CPU against an expert's command", f"{ours:.2f} s / {theirs:.2f} s = {ours / theirs:.3f}", "≤ 1.05", ours / theirs <= 1.05)
          for name, ours, theirs in experts),
    )  # fmt: skip
    for name, value, wanted, is_met in rows:
        table.add_row(name, value, wanted, "pass" if is_met else "short")
    Console(soft_wrap=True).print(table)
    return 0 if all(row[3] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
