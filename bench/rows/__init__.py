"""The rows of the table by number. `make bench` measures the first fourteen, `make bench ROW=15` one of the others."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from bench.bench import Bench
from bench.figure import Figure

NAMES: Mapping[int, str] = dict(
    enumerate(
        (
            "one_job", "chain", "ladder", "copying", "loudness", "edit", "framework", "throughput", "submitting",
            "planning", "crowd", "makespan", "scaling", "memory",
            "experts", "waiting", "transfers", "estimates",
        ),
        1,
    )
)  # fmt: skip
TABLE = range(1, 15)


def row(number: int) -> Callable[[Bench], Iterator[Figure]]:
    """What measures a row. Loaded when it is wanted, with the libraries that it needs."""
    measure: Callable[[Bench], Iterator[Figure]] = import_module(
        f"bench.rows.{NAMES[number]}"
    ).measure
    return measure
