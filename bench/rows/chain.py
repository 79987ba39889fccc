"""Row 2: six filters in a chain, against a command a filter, and against all six typed into one."""

from collections.abc import Iterator

from bench.bench import Bench, quick
from bench.figure import Figure
from bench.pairs import three_ways
from tests.helpers.specs import job, op


def measure(bench: Bench) -> Iterator[Figure]:
    source = bench.media.clip("short.mp4", seconds=12, size="1280x720", extra=("-c:a", "aac"))
    spec = job(
        source,
        op("crop", "src", "a", width=1120, height=630),
        op("scale", "a", "b", width=960, height=540),
        op("fps", "b", "c", fps=25),
        op("pad", "c", "d", width=960, height=600),
        op("drawtext", "d", "e", text="Hello", fontsize=24),
        op("fade", "e", "f", type="in", duration=1),
        f=quick(bench.empty("ours") / "chain.mp4"),
    )
    yield from three_ways(bench, "six filters", spec, slow="chain-by-node", fast="chain", times=2)
