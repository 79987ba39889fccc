"""Row 16: what one waiting job costs among ten thousand others."""

from collections.abc import Iterator

from bench.bench import Bench
from bench.figure import Figure
from bench.queue import curve


def measure(_: Bench) -> Iterator[Figure]:
    found = curve()
    (_, few), *_, (_, many) = found
    for name in few:
        yield Figure(
            name=f"{name} among ten thousand jobs that wait, against a hundred", value=many[name] / few[name], limit=2,
            unit="×", shown=f"{few[name]:.1f} ms, then {many[name]:.1f} ms", data={"curve_ms": found},
        )  # fmt: skip
