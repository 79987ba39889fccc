"""Row 17: a gigabyte in and out, against the tool of the trade, and the memory that it takes."""

from collections.abc import Iterator

from bench.bench import Bench
from bench.figure import Figure
from bench.transfers import compare


def measure(_: Bench) -> Iterator[Figure]:
    for name, ratio, peak in compare():
        yield Figure(
            name=f"a gigabyte, {name}: throughput, against the tool's", value=ratio, limit=0.8, unit="×", is_most=False
        )  # fmt: skip
        yield Figure(name=f"a gigabyte, {name}: memory", value=peak / 1e6, limit=150, unit="MB")
