"""Row 3: five sizes of one picture, against five commands, and against one with a split."""

from collections.abc import Iterator

from bench.bench import Bench, quick
from bench.figure import Figure
from bench.pairs import three_ways
from tests.helpers.specs import job, op

_HEIGHTS = (720, 540, 432, 360, 240)


def measure(bench: Bench) -> Iterator[Figure]:
    sound = ("-g", "48", "-c:a", "aac")
    source = bench.media.clip("master.mp4", seconds=5, fps="24", size="3840x2160", extra=sound)
    out = bench.empty("ours")
    spec = job(
        source,
        *(op("scale", "src", f"r{height}", height=height) for height in _HEIGHTS),
        **{f"r{height}": quick(out / f"r{height}.mp4") for height in _HEIGHTS},
    )
    yield from three_ways(
        bench, "five sizes", spec, slow="ladder-singles", fast="ladder", times=1.5
    )
