"""Client of a server: submit, status, watch, logs, cancel, retry, list."""

from typing import Any

import click
from rich.markup import escape

from app.cli.job_text import doing, print_end, print_jobs, print_status, print_steps, progress_bar
from app.cli.output import EXIT_FAILED, err, out, print_json
from app.cli.remote import client_command
from app.cli.spec_file import read_spec
from app.cli.worker_text import print_workers
from app.client import Client

_PATIENCE_S = 60.0


def _show(job: dict[str, Any], as_json: bool) -> None:
    print_json(job) if as_json else print_status(job)


@click.command()
@click.argument("spec_file", metavar="SPEC.json")
@click.option("--idempotency-key", "key", help="The same key again gives the same job.")
@click.option("--watch", "is_watched", is_flag=True, help="Stay until the job has ended.")
@client_command
def submit(server: Client, as_json: bool, spec_file: str, key: str | None, is_watched: bool) -> int:
    """Submit a job. "-" reads the spec from standard input."""
    job = server.submit(read_spec(spec_file), key)
    if is_watched:
        return _watch(server, as_json, job["job_id"])
    if as_json:
        print_json(job)
    else:
        out.print(job["job_id"])
        err.print(f"[dim]media-pipeline watch {job['job_id']}[/dim]")
    return 0


@click.command()
@click.argument("job_id")
@client_command
def status(server: Client, as_json: bool, job_id: str) -> None:
    """Show a job: progress, outputs, or why it failed."""
    _show(server.job(job_id), as_json)


@click.command()
@click.argument("job_id")
@client_command
def watch(server: Client, as_json: bool, job_id: str) -> int:
    """Follow a job to its end; exit 1 unless it completes."""
    return _watch(server, as_json, job_id)


def _watch(server: Client, as_json: bool, job_id: str) -> int:
    with progress_bar() as bar:
        task = bar.add_task("pending", total=100)

        def show(job: dict[str, Any]) -> None:
            done = job["progress"]["overall_percent"]
            bar.update(task, completed=done, description=doing(job))

        show(server.job(job_id))
        server.patience_s = _PATIENCE_S  # it is there; that it restarts is no reason to give up
        job = server.wait(job_id, on_change=show)
    print_json(job) if as_json else print_end(job)
    if job["status"] == "cancelled":
        err.print("[yellow]The job was cancelled.[/yellow]")
    return 0 if job["status"] == "completed" else EXIT_FAILED


@click.command()
@click.argument("job_id")
@click.option("--level", type=click.Choice(["debug", "info", "warning", "error"]))
@client_command
def logs(server: Client, as_json: bool, job_id: str, level: str | None) -> None:
    """Print what happened to a job."""
    lines = list(server.logs(job_id, limit=100, **({"level": level} if level else {})))
    if as_json:
        print_json(lines)
        return
    for line in lines:
        where = f" {line['step_id']}" if line["step_id"] else ""
        out.print(
            f"[dim]{line['timestamp']}[/dim] {line['level']:<7} {line['stage']}{where}: {escape(line['message'])}"
        )


@click.command()
@click.argument("job_id")
@client_command
def steps(server: Client, as_json: bool, job_id: str) -> None:
    """Show a job's steps with every attempt: where, when, how it ended."""
    found = server.steps(job_id)
    print_json(found) if as_json else print_steps(found)


@click.command()
@client_command
def workers(server: Client, as_json: bool) -> None:
    """List workers: what each runs, and when it was heard last. Needs an administrator's key."""
    found = server.workers()
    print_json(found) if as_json else print_workers(found)


@click.command()
@click.argument("job_id")
@client_command
def cancel(server: Client, as_json: bool, job_id: str) -> None:
    """Cancel a job; what it runs stops at once."""
    _show(server.cancel(job_id), as_json)


@click.command()
@click.argument("job_id")
@client_command
def retry(server: Client, as_json: bool, job_id: str) -> None:
    """Try a failed job again; what is done stays done."""
    _show(server.retry(job_id), as_json)


@click.command("list")
@click.option("--status", "statuses", multiple=True, help="May be given several times.")
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY:VALUE", help="May be given several times."
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 100))
@client_command
def list_jobs(
    server: Client, as_json: bool, statuses: tuple[str, ...], tags: tuple[str, ...], limit: int
) -> None:
    """List jobs, newest first."""
    query = {"status": list(statuses), "tag": list(tags), "limit": limit}
    page = server.call("GET", "/v1/jobs", params=query)
    if as_json:
        print_json(page)
        return
    print_jobs(page["data"])


COMMANDS = (submit, status, watch, logs, steps, workers, cancel, retry, list_jobs)
