"""Row 1: a whole job through the API against the same two commands typed by an expert."""

from collections.abc import Iterator
from statistics import median

from bench.bench import Bench, quick, run
from bench.figure import Figure, in_turn
from tests.helpers.specs import job, op

_ROUNDS = 3
_FACTOR, _MORE_S = 1.03, 0.5


def measure(bench: Bench) -> Iterator[Figure]:
    spec = job(
        bench.film(),
        op("trim", "src", "cut", start=2, end=58),
        op("scale", "cut", "small", width=854, height=480),
        op("drawtext", "small", "titled", text="Hello", fontsize=24),
        op("loudnorm", "titled", "even", target_lufs=-16),
        even=quick(bench.empty("ours") / "titled.mp4"),
    )
    with bench.service() as service:
        took = in_turn(
            _ROUNDS, ours=lambda: run(service, spec), theirs=lambda: bench.typed("titled")
        )
    ours, theirs = median(took["ours"]), median(took["theirs"])
    yield Figure(
        name="one job, submit to completed, against two typed commands",
        value=ours, limit=_FACTOR * theirs + _MORE_S, unit="s",
        shown=f"theirs {theirs:.2f} s", data=took,
    )  # fmt: skip
