"""A job as a person reads it: what it does now, what it made, why it failed."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
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
    """All of a job on one screen: what runs where, since when, and why it waits."""
    color = _COLORS.get(job["status"], "cyan")
    percent = job["progress"]["overall_percent"]
    out.print(f"[bold]{job['job_id']}[/bold]  [{color}]{job['status']}[/{color}]  {percent:.0f} %")
    if job["queue_position"] is not None:
        out.print(f"  waiting, number {job['queue_position']} of your jobs")
    if job["why"]:
        since = f" [dim](for {ago(job['why']['since'])})[/dim]" if job["why"]["since"] else ""
        out.print(f"  [yellow]{job['why']['code']}[/yellow] {escape(job['why']['message'])}{since}")
    elif job["progress"]["eta_ms"] is not None and job["status"] not in TERMINAL:
        out.print(f"  about {job['progress']['eta_ms'] / 1000:.0f} s left")
    running = {run["step_id"]: run for run in job["running"]}
    for step in job["progress"]["steps"]:
        shown = (
            f"{step['step_id']:<5} {step['status']:<10} {step['percent']:5.1f} %{_speed(step):7}"
        )
        out.print(f"  {shown}{_where(running.get(step['step_id']))}".rstrip())
    print_end(job)


def _where(run: Mapping[str, Any] | None) -> str:
    if run is None:
        return ""
    heard = f", heard {ago(run['heartbeat_at'])} ago" if run["heartbeat_at"] else ""
    draining = ", which ends" if run["draining"] else ""
    name = run["worker_id"].partition("#")[0]
    return f" on {name}{draining}, attempt {run['attempt']} for {ago(run['since'])}{heard}"


def ago(moment: str) -> str:
    """How long since a moment: `7 s`, `5 min`, `3 h`, `2 d`."""
    seconds = max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
    for most, unit, size in ((100, "s", 1), (6000, "min", 60), (172_800, "h", 3600)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def print_jobs(jobs: Sequence[Mapping[str, Any]]) -> None:
    """A list that fits a terminal of 80 columns: id, age, status, percent, and what is said of it."""
    if not jobs:
        out.print("no jobs")
        return
    out.print(f"[dim]{'JOB':<36}  {'AGE':>7}  {'STATUS':<18}  {'%':>3}[/dim]")
    for job in jobs:
        percent = job["progress"]["overall_percent"]
        age = ago(job["created_at"])
        out.print(f"{job['job_id']}  {age:>7}  {job['status']:<18}  {percent:3.0f}", markup=False)
        tags = " ".join(f"{key}:{value}" for key, value in job["tags"].items())
        cause = job["error"]["code"] if job["error"] else job["why"]["code"] if job["why"] else ""
        if cause or tags:
            out.print(f"    [dim]{escape('  '.join(filter(None, (cause, tags))))}[/dim]")


def print_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    """Every step, and below it each of its attempts."""
    for step in steps:
        behind = f"  after {', '.join(step['depends_on'])}" if step["depends_on"] else ""
        out.print(f"[bold]{step['step_id']}[/bold]  {step['kind']}  {step['status']}{behind}")
        for one in step["attempts"]:
            until = one["completed_at"]
            lasted = (
                f"{_seconds(one['started_at'], until):.1f} s"
                if until
                else f"for {ago(one['started_at'])}"
            )
            cause = f"  [red]{one['error']['code']}[/red]" if one["error"] else ""
            where = one["worker"].partition("#")[0]
            out.print(f"  {one['attempt']}  {one['status']:<10} {where}  {lasted}{cause}")


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


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
