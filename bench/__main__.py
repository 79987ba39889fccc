"""`make bench`: the table of docs/performance.md, measured here and now. `make bench ROW="7 9"`: rows of it."""

import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app import settings
from app.engine import tools
from bench import report
from bench.bench import Bench
from bench.figure import Figure
from bench.rows import NAMES, TABLE, row

_FAULT = "fault"


def _measure(bench: Bench, number: int, console: Console) -> list[Figure]:
    """The figures of a row. One that breaks off is short, and others are still measured."""
    console.print(f"[dim]{number}. {NAMES[number]} …[/dim]", end=" ")
    began = time.monotonic()
    try:
        return list(row(number)(bench))
    except Exception as error:
        traceback.print_exc()
        return [
            Figure(name=f"{NAMES[number]}: {type(error).__name__}", value=1, limit=0, unit=_FAULT)
        ]
    finally:
        console.print(f"[dim]{time.monotonic() - began:.0f} s[/dim]")


def _table(found: report.Found) -> Table:
    table = Table("#", "figure", "measured", "to reach", "", "made of")
    for number, figures in found.items():
        for figure in figures:
            verdict = "[green]pass[/green]" if figure.is_met else "[red]short[/red]"
            table.add_row(str(number), figure.name, figure.value_text, figure.limit_text, verdict, figure.shown)  # fmt: skip
    return table


def main(words: Sequence[str]) -> int:
    numbers = [int(word) for word in words] or list(TABLE)
    console = Console(soft_wrap=True)
    binaries, began = tools.find(settings.current()), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mp-bench-") as folder:
        bench = Bench(folder=Path(folder), binaries=binaries)
        found = {number: _measure(bench, number, console) for number in numbers}
    console.print(_table(found))
    took = time.monotonic() - began
    console.print(f"{took / 60:.1f} minutes, FFmpeg {binaries.version}")
    if not words:
        from bench import plots  # draws with a library that single rows do without

        console.print(f"kept as {report.save(found, binaries.version, took).name}")
        report.document(found, binaries.version)
        plots.draw(found)
    return (
        1 if any(figure.unit == _FAULT for figures in found.values() for figure in figures) else 0
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
