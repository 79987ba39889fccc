"""Row 18: how far estimates of wall time are off, by the table and after learning."""

from collections.abc import Iterator

from bench.bench import Bench
from bench.calibrate import accuracy
from bench.figure import Figure


def measure(bench: Bench) -> Iterator[Figure]:
    untaught, taught, steps = accuracy(bench.empty("estimates"), bench.binaries)
    yield Figure(
        name=f"wall time of {steps} steps, estimated after learning from others: off", value=100 * taught, limit=25,
        unit="%", shown=f"by the table alone {untaught:.0%}",
    )  # fmt: skip
