"""`media-pipeline run SPEC.json`: one job to its end, everything embedded."""

import tempfile
import time
from pathlib import Path
from typing import Any

import click

from app import log, settings
from app.cli.forked import FORKS
from app.cli.job_text import doing, print_end, progress_bar
from app.cli.output import (
    EXIT_FAILED,
    EXIT_USAGE,
    out,
    print_json,
    print_problems,
)
from app.cli.signals import end_on_signals
from app.cli.spec_file import read_spec
from app.embedded.stack import Stack
from app.errors import Failure
from app.services import job_cancel, job_read, job_submit, sweep
from app.services.policy import policy_for
from app.store.status import TERMINAL
from operators.problem import Invalid
from planner.parse import parse_spec

_TENANT = "default"
_POLL_S = 0.15


@click.command()
@click.argument("spec_file", metavar="SPEC.json")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="Keep databases and logs here (default: temporary).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the finished job as JSON.")
def run(spec_file: str, data_dir: Path | None, as_json: bool) -> int:
    """Run one job to its end and print what it made. "-" reads the spec from standard input."""
    end_on_signals()
    document = read_spec(spec_file)
    started = time.monotonic()
    try:
        _check(document)
    except Invalid as invalid:
        return _refuse(invalid, as_json)
    with tempfile.TemporaryDirectory(prefix="media-pipeline-") as temporary:
        folder = (data_dir or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        with Stack(data_dir=folder, is_durable=data_dir is not None, forks=FORKS) as stack:
            log.configure(settings.load({"LOG_LEVEL": "error"}))
            try:
                job = job_submit.submit(document, _TENANT)
            except Invalid as invalid:
                return _refuse(invalid, as_json)
            stack.start_workers(media_workers=1)
            job = _watch(stack, job["job_id"])
    return _report(job, time.monotonic() - started, as_json)


def _check(document: Any) -> None:
    """What is wrong with a spec shows before anything is started. Raises: Invalid."""
    if not (isinstance(document, dict) and "plan_id" in document):
        parse_spec(document, policy_for(_TENANT))


def _refuse(invalid: Invalid, as_json: bool) -> int:
    problems = [problem.to_json() for problem in invalid.problems]
    if as_json:
        print_json({"errors": problems})
    else:
        print_problems(problems)
    return EXIT_USAGE


def _watch(stack: Stack, job_id: str) -> dict[str, Any]:
    """Show progress until the job ends; do what beat and a supervisor do elsewhere."""
    swept_at = time.monotonic()
    try:
        with progress_bar() as bar:
            task = bar.add_task("pending", total=100)
            while True:
                job = job_read.get(job_id, _TENANT)
                bar.update(
                    task, completed=job["progress"]["overall_percent"], description=doing(job)
                )
                if job["status"] in TERMINAL:
                    return job
                stack.watch()
                if time.monotonic() - swept_at > float(settings.current().sweep_s):
                    sweep.sweep()
                    swept_at = time.monotonic()
                time.sleep(_POLL_S)
    except KeyboardInterrupt:
        try:
            job_cancel.cancel(job_id, _TENANT)
            time.sleep(1)  # the worker stops FFmpeg and clears its work files
        except Failure:
            pass  # it was done already
        raise


def _report(job: dict[str, Any], seconds: float, as_json: bool) -> int:
    if as_json:
        print_json(job)
    else:
        print_end(job)
        if job["status"] == "completed":
            out.print(f"done in {seconds:.1f} s")
    return 0 if job["status"] == "completed" else EXIT_FAILED


COMMANDS = (run,)
