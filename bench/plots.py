"""The plots of docs/performance.md, drawn from what rows 10 to 13 measured."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from bench.figure import Figure

_IMAGES = Path(__file__).parent.parent / "docs" / "images"
Figures = Sequence[Figure]


def draw(found: Mapping[int, Figures]) -> None:
    """An SVG for each row that has a plot."""
    matplotlib.rcParams["svg.hashsalt"] = "bench"  # the same numbers give the same file
    for number, plot in _PLOTS.items():
        canvas = Canvas(figsize=(6, 3.2), layout="constrained")
        axes = canvas.add_subplot()
        plot(axes, found[number])
        axes.grid(visible=True, alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
        canvas.savefig(_IMAGES / f"bench-{number}.svg", metadata={"Date": None, "Creator": None})


def _line(axes: Axes, points: Any, name: str | None = None, style: str = "o-") -> None:
    axes.plot([p[0] for p in points], [p[1] for p in points], style, label=name)


def _planning(axes: Axes, figures: Figures) -> None:
    curve = figures[0].data["curve_ms"]
    _line(axes, curve, "measured")
    size, ms = curve[-1]
    _line(axes, [(n, ms / size * n) for n, _ in curve], "linear", "--")
    axes.set(xscale="log", yscale="log", xlabel="operations of a job", ylabel="ms to plan")


def _crowd(axes: Axes, figures: Figures) -> None:
    for figure in figures:
        _line(axes, figure.data["curve_ms"], figure.name.split()[0])
    axes.set(xscale="log", ylim=(0, None), xlabel="jobs in the table", ylabel="ms")


def _makespan(axes: Axes, figures: Figures) -> None:
    curve = figures[0].data["by_workers"]
    _line(axes, curve, "mean")
    _line(axes, [(workers, worst) for workers, _, worst in curve], "worst graph", "s:")
    axes.axhline(figures[0].limit, color="grey", linestyle="--", label="to reach, on average")
    axes.set(xscale="log", xlabel="workers", ylabel="times the bound", xticks=[p[0] for p in curve], xticklabels=[str(p[0]) for p in curve])  # fmt: skip


def _scaling(axes: Axes, figures: Figures) -> None:
    curve = figures[0].data["by_workers"]
    (_, alone), *_ = curve
    _line(axes, [(workers, alone / seconds) for workers, seconds in curve], "measured")
    _line(axes, [(workers, workers) for workers, _ in curve], "perfect", "--")
    axes.set(xlabel="workers", ylabel="times as fast", xticks=[p[0] for p in curve], ylim=(0, None))


_PLOTS: Mapping[int, Callable[[Axes, Figures], None]] = {
    10: _planning, 11: _crowd, 12: _makespan, 13: _scaling,
}  # fmt: skip
