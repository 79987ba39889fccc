"""Do the work of a transfer step: fetch a source into the work folder, or send an output away."""

import os
import shutil

from app import settings
from app.engine.progress import Progress
from app.engine.storage import local
from app.engine.storage.fetch import Fetch, patiently
from app.engine.storage.port import Source
from app.errors import Failure
from app.services import remote, step_command, step_publish
from app.services.media_probe import input_problem
from app.services.step_run import Run
from app.store import steps
from app.store.session import transaction
from operators.media import MediaInfo
from operators.problem import Code
from planner.transfers import FETCH, MEDIA


def transfer(run: Run) -> steps.Woken:
    """Run the step; the steps that waited for it. Raises: Failure, LeaseEnded."""
    argv = run.attempt.planned["argv"]
    with transaction() as session:
        steps.annotate_attempt(session, *run.attempt.key, command=" ".join(argv), argv=argv)
    return _fetch(run) if argv[0] == FETCH else _send(run)


def _send(run: Run) -> steps.Woken:
    """Publish an output that an earlier step made."""
    plan, job = run.attempt.job.plan, run.attempt.job
    assert plan is not None
    index = int(run.attempt.planned["nodes"][0].removeprefix("output_"))
    (maker,) = run.attempt.planned["depends_on"]
    made_by = next(step for step in plan["steps"] if step["step_id"] == maker)
    folder = run.place.folder_of(maker)
    output = step_command.output_file(plan, job.spec, made_by, index, folder)
    found = MediaInfo.from_json(job.outputs[index]["media_info"])
    return step_publish.publish(run, [output], [found])


def _fetch(run: Run) -> steps.Woken:
    """Bring a source into the attempt's folder."""
    index, uri = _source(run)
    try:
        moved = _bring(run, remote.open_source(uri))
    except Failure as failure:
        raise at_input(failure, index) from failure
    except OSError as error:
        raise local.write_failure(error, "A work file") from error
    with transaction() as session:
        step_publish.hold(session, run.attempt)
        return step_publish.complete(session, run.attempt, usage=run.usage(moved))


def _bring(run: Run, source: Source) -> int:
    """The bytes that travelled."""
    for attempt in patiently():
        with attempt:
            known = source.describe()

    def tick(arrived: int) -> None:
        share = 100 * arrived / known.size_bytes if known.size_bytes else None
        run.tick(Progress(total_size_bytes=arrived), share)

    path, most = os.path.join(run.folder, MEDIA), settings.current().limit_input_bytes
    fetch = Fetch(source=source, known=known, path=path, most_bytes=most, tick=tick)
    _check_room(run.folder, known.size_bytes or 0)
    fetch.whole()
    return fetch.arrived


def _check_room(folder: str, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Failure(
            code=Code.INSUFFICIENT_DISK_SPACE,
            message=f"The file has {needed >> 20} MiB, but {free >> 20} MiB are free in WORK_DIR.",
        )


def _source(run: Run) -> tuple[int, str]:
    """The input that is fetched: its place in the spec, and its URI."""
    name = run.attempt.planned["nodes"][0].removeprefix("input_")
    inputs = run.attempt.job.spec["inputs"]
    return next((i, given["source"]) for i, given in enumerate(inputs) if given["id"] == name)


def at_input(failure: Failure, index: int) -> Failure:
    """The same failure with a pointer to the input."""
    failure.problems = [input_problem(failure, index)]
    return failure
