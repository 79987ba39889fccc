"""A job as a person reads it: what it does now, what it made, why it failed."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.cli.output import err, media_text, out, print_error, print_problems, size_text
from app.store.status import TERMINAL
from planner.uri import BadUri, parse_uri

_SLOWEST = 0.05  # what would be shown as 0.0x
_COLORS = {"completed": "green", "failed": "red", "cancelled": "yellow"}


def progress_bar() -> Progress:
    """A bar that goes when it is done."""
    columns = (
        TextColumn("{task.description:<20}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, transient=True)


def doing(job: Mapping[str, Any]) -> str:
    """`processing 2.3x`."""
    running = [s for s in job["progress"]["steps"] if s["status"] == "running"]
    speed = next(filter(None, map(_speed, running)), "")
    return str(job["status"]) + speed


def _speed(step: Mapping[str, Any]) -> str:
    """` 2.3x`; nothing where that is not known yet, or was too short to be told."""
    return f" {step['speed']:.1f}x" if (step["speed"] or 0) >= _SLOWEST else ""


def print_outputs(job: Mapping[str, Any]) -> None:
    """What a completed job made, and what it warns of."""
    print_problems(job["warnings"], sign="[yellow]![/yellow]")
    for output in job["outputs"]:
        size = size_text(output["size_bytes"])
        out.print(f"[green]✓[/green] [bold]{escape(_place(output['destination']))}[/bold]  {size}")
        out.print(f"  {media_text(output['media_info'])}", markup=False)


def print_end(job: Mapping[str, Any]) -> None:
    """How a finished job ended."""
    if job["error"]:
        print_error(job["error"])
        print_analysis(job["analysis"])
    elif job["status"] == "completed":
        print_outputs(job)


def print_status(job: Mapping[str, Any]) -> None:
    """All of a job on one screen."""
    color = _COLORS.get(job["status"], "cyan")
    percent = job["progress"]["overall_percent"]
    out.print(f"[bold]{job['job_id']}[/bold]  [{color}]{job['status']}[/{color}]  {percent:.0f} %")
    if job["queue_position"] is not None:
        out.print(f"  waiting, number {job['queue_position']} of your jobs")
    if job["progress"]["eta_ms"] is not None and job["status"] not in TERMINAL:
        out.print(f"  about {job['progress']['eta_ms'] / 1000:.0f} s left")
    for step in job["progress"]["steps"]:
        shown = f"{step['step_id']:<5} {step['status']:<10} {step['percent']:5.1f} %"
        out.print(f"  {shown} {_speed(step)}".rstrip())
    print_end(job)


def print_analysis(analysis: Mapping[str, Any] | None) -> None:
    """Where and when it went wrong."""
    if not analysis:
        return
    if analysis["step_id"]:
        nodes = ", ".join(analysis["nodes"])
        err.print(
            f"  in step {analysis['step_id']} ({escape(nodes)}), attempts: {analysis['attempts']}"
        )
    for mark in analysis["timeline"]:
        code = f"  [red]{mark['code']}[/red]" if mark["code"] else ""
        err.print(f"    [dim]{mark['at'][11:23]}[/dim]  {escape(mark['event'])}{code}")


def _place(destination: str) -> str:
    try:
        uri = parse_uri(destination)
    except BadUri:
        return destination
    return uri.path if uri.scheme == "file" else destination
