"""Bring a remote source into a step's folder."""

import os
import shutil
from collections.abc import Mapping
from typing import Any

from app import settings
from app.engine.progress import Progress
from app.engine.storage import local
from app.engine.storage.fetch import Fetch, patiently
from app.engine.storage.port import Source
from app.errors import Failure
from app.services import remote
from app.services.media_probe import input_problem
from app.services.step_run import Run
from operators.problem import Code
from planner.transfers import MEDIA


def fetch_into(run: Run, step: Mapping[str, Any], folder: str) -> int:
    """Do what a planned fetch says, into a folder; the bytes that travelled.

    Raises: Failure, LeaseEnded.
    """
    index, uri = _source(run, step)
    try:
        return _bring(run, remote.open_source(uri), os.path.join(folder, MEDIA))
    except Failure as failure:
        failure.problems = [input_problem(failure, index)]
        raise
    except OSError as error:
        raise local.write_failure(error, "A work file") from error


def _source(run: Run, step: Mapping[str, Any]) -> tuple[int, str]:
    """The input that is fetched: its place in the spec, and its URI."""
    name = step["nodes"][0].removeprefix("input_")
    inputs = run.attempt.job.spec["inputs"]
    return next((i, given["source"]) for i, given in enumerate(inputs) if given["id"] == name)


def _bring(run: Run, source: Source, path: str) -> int:
    for attempt in patiently():
        with attempt:
            known = source.describe()

    def tick(arrived: int) -> None:
        share = 100 * arrived / known.size_bytes if known.size_bytes else None
        run.tick(Progress(total_size_bytes=arrived), share)

    most = settings.current().limit_input_bytes
    fetch = Fetch(source=source, known=known, path=path, most_bytes=most, tick=tick)
    _check_room(os.path.dirname(path), known.size_bytes or 0)
    fetch.whole()
    return fetch.arrived


def _check_room(folder: str, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Failure(
            code=Code.INSUFFICIENT_DISK_SPACE,
            message=f"The file has {needed >> 20} MiB, but {free >> 20} MiB are free in WORK_DIR.",
        )
