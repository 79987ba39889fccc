"""Row 10: what a plan costs as its operations grow."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from bench.bench import Bench
from bench.figure import Figure, in_turn, ratio
from planner.make_plan import Options, make_plan
from planner.parse import parse_spec
from planner.policy import Policy
from planner.spec import Reference
from tests.helpers.infos import clip
from tests.helpers.specs import job, op

_SIZES = (10, 50, 100, 250, 500, 1000, 2500, 5000)
_LARGEST = 500
"""A spec has no more operations."""
_ROUNDS = 5
_MOST_GROWTH, _MOST_MS = 1.2, 200
_PROBED = {"src": clip()}
_POLICY, _OPTIONS = Policy(roots=("/m",)), Options(ffmpeg_version="9")


def measure(_: Bench) -> Iterator[Figure]:
    spec = _chain(_LARGEST)
    acts = {str(size): _planning(size) for size in _SIZES}
    acts["whole"] = lambda: make_plan(parse_spec(spec, _POLICY).spec, _PROBED, _OPTIONS)
    with _as_in_workers():
        took = in_turn(_ROUNDS, **acts)
    yield Figure(
        name="an operation of a plan of 5000, against one of 500", value=ratio(took["5000"], took["500"]) / 10,
        limit=_MOST_GROWTH, unit="×", shown=f"{1e6 * median(took['5000']) / 5000:.0f} µs an operation",
        data={"curve_ms": [[size, 1000 * median(took[str(size)])] for size in _SIZES]},
    )  # fmt: skip
    yield Figure(
        name="parse, check and plan 500 operations", value=1000 * median(took["whole"]), limit=_MOST_MS, unit="ms"
    )  # fmt: skip


@contextmanager
def _as_in_workers() -> Iterator[None]:
    """What other rows have left in memory is not looked through again and again, as little as in workers
    what was loaded before they were forked."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def _chain(size: int) -> dict[str, Any]:
    """A spec of `size` operations, each on the one before."""
    chain = [
        op("trim", f"o{n}" if n else "src", f"o{n + 1}", start=0)
        if n % 2
        else op("scale", f"o{n}" if n else "src", f"o{n + 1}", width=320 + n % 9 * 2)
        for n in range(size)
    ]
    return job("file:///m/in.mp4", *chain, **{f"o{size}": Path("/m/o.mp4")})


def _planning(size: int) -> Callable[[], object]:
    """What makes a plan of as many. Where a spec cannot be so long, parsed parts are put behind each other."""
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
    return lambda: make_plan(spec, _PROBED, _OPTIONS)
