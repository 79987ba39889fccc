"""Row 15: the CPU of ten common jobs, against the commands that an expert would type."""

from collections.abc import Iterator

from bench.bench import Bench
from bench.experts import compare
from bench.figure import Figure


def measure(bench: Bench) -> Iterator[Figure]:
    for name, ours, theirs in compare(bench.empty("experts"), bench.binaries):
        yield Figure(
            name=f"{name}: CPU of FFmpeg, against an expert's command", value=ours / theirs, limit=1.05, unit="×",
            shown=f"{ours:.2f} s, theirs {theirs:.2f} s",
        )  # fmt: skip
