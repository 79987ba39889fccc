"""Row 10: what a plan costs as its operations grow."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from bench.bench import Bench
from bench.figure import Figure, median_ms
from planner.parse import parse_spec
from planner.plan import Options, make_plan
from planner.policy import Policy
from planner.spec import Reference
from tests.helpers.infos import clip
from tests.helpers.specs import job, op

_SIZES = (10, 50, 100, 250, 500, 1000, 2500, 5000)
_LARGEST = 500
"""A spec has no more operations."""
_MOST_GROWTH, _MOST_MS = 1.2, 200
_PROBED = {"src": clip()}
_POLICY, _OPTIONS = Policy(roots=("/m",)), Options(ffmpeg_version="9")


def measure(_: Bench) -> Iterator[Figure]:
    curve = [[size, _planning_ms(size)] for size in _SIZES]
    costs = {int(size): ms / size for size, ms in curve}
    yield Figure(
        name="an operation of a plan of 5000, against one of 500", value=costs[5000] / costs[500],
        limit=_MOST_GROWTH, unit="×", shown=f"{1000 * costs[5000]:.0f} µs an operation", data={"curve_ms": curve},
    )  # fmt: skip
    spec = _chain(_LARGEST)
    yield Figure(
        name="parse, check and plan 500 operations",
        value=median_ms(lambda: make_plan(parse_spec(spec, _POLICY).spec, _PROBED, _OPTIONS), 5),
        limit=_MOST_MS,
        unit="ms",
    )


def _chain(size: int) -> dict[str, Any]:
    """A spec of `size` operations, each on the one before."""
    chain = [
        op("trim", f"o{n}" if n else "src", f"o{n + 1}", start=0)
        if n % 2
        else op("scale", f"o{n}" if n else "src", f"o{n + 1}", width=320 + n % 9 * 2)
        for n in range(size)
    ]
    return job("file:///m/in.mp4", *chain, **{f"o{size}": Path("/m/o.mp4")})


def _planning_ms(size: int) -> float:
    """A plan of as many. Where a spec cannot be so long, parsed parts are put behind each other."""
    part = parse_spec(_chain(min(size, _LARGEST)), _POLICY).spec
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
    return median_ms(lambda: make_plan(spec, _PROBED, _OPTIONS), 3)
