"""Bring a remote source into a step's folder."""

import os
import shutil
import tempfile
import time
from dataclasses import replace

from app import settings
from app.engine.progress import Progress
from app.engine.storage import excerpt, local
from app.engine.storage.fetch import Fetch, patiently
from app.engine.storage.port import Source
from app.errors import Failure
from app.services import remote
from app.services.media_probe import input_problem
from app.services.step_run import Run
from operators.problem import Code
from planner.plan import FetchStep, Part
from planner.plan.steps import MEDIA

_PARTIAL = "partial"  # beside a file with holes in it


def fetch_into(run: Run, step: FetchStep, folder: str) -> int:
    """Do what a planned fetch says, into a folder; the bytes that travelled.

    Raises: Failure, LeaseEnded.
    """
    addresses = run.attempt.addresses
    uri, seconds_left = addresses.sources[step.input], run.deadline - time.monotonic()
    try:
        source = remote.open_source(uri, run.attempt.job.tenant_id, seconds_left)
        return _bring(run, source, folder, step.part)
    except Failure as failure:
        failure.problems = [input_problem(failure, addresses.place_of(step.input))]
        raise
    except OSError as error:
        raise local.write_failure(error, "A work file") from error


def complete(run: Run, step: FetchStep, folder: str) -> bool:
    """Bring all of a source of which only a part was brought; False where it is whole.

    Raises: Failure, LeaseEnded.
    """
    if not os.path.exists(os.path.join(folder, _PARTIAL)):
        return False
    with tempfile.TemporaryDirectory(prefix="whole-", dir=folder) as aside:
        fetch_into(run, replace(step, part=None), aside)
        # whoever reads the part goes on reading that
        os.replace(os.path.join(aside, MEDIA), os.path.join(folder, MEDIA))
    local.discard(os.path.join(folder, _PARTIAL))
    return True


def _bring(run: Run, source: Source, folder: str, part: Part | None) -> int:
    for attempt in patiently():
        with attempt:
            known = source.describe()

    def tick(arrived: int) -> None:
        share = 100 * arrived / known.size_bytes if known.size_bytes else None
        run.tick(Progress(total_size_bytes=arrived), share)

    most, path = settings.current().limit_input_bytes, os.path.join(folder, MEDIA)
    fetch = Fetch(source=source, known=known, path=path, most_bytes=most, tick=tick)
    if part and excerpt.bring(fetch, part.start, part.end, run.binaries):
        with open(os.path.join(folder, _PARTIAL), "w"):
            return fetch.arrived
    _check_room(folder, (known.size_bytes or 0) - fetch.arrived)
    fetch.whole()
    return fetch.arrived


def _check_room(folder: str, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Failure(
            code=Code.INSUFFICIENT_DISK_SPACE,
            message=f"The file has {needed >> 20} MiB, but {free >> 20} MiB are free in WORK_DIR.",
        )
