"""The files that steps hand on: here, or shared by WORK_URI where workers have no common disk."""

import os
import shutil
import tempfile
from contextlib import suppress

from app import settings
from app.engine.progress import Progress
from app.engine.storage import local
from app.engine.storage.shared_work import SharedWork
from app.services import step_fetch
from app.services.step_run import Run
from planner.plan import FetchStep


def shared() -> SharedWork | None:
    now = settings.current()
    return SharedWork(uri=now.work_uri, endpoint=now.s3_endpoint_url) if now.work_uri else None


def bring(run: Run) -> None:
    """Make sure that what the step reads is here. What was fetched from elsewhere is fetched again.

    Raises: Failure, LeaseEnded.
    """
    store, plan = shared(), run.attempt.plan
    if store is None:
        return
    for name in plan.reads(run.attempt.step):
        folder, step = run.place.folder_of(name), plan.step(name)
        if os.path.isdir(folder):
            continue
        if isinstance(step, FetchStep):
            _fetch_again(run, step, folder)
            continue
        key = run.attempt.job.job_id, name, run.finished.attempts[name]
        try:
            store.bring(folder, key, lambda sent: run.tick(Progress(total_size_bytes=sent), None))
        except OSError as error:
            raise local.write_failure(error, "A work file") from error


def _fetch_again(run: Run, step: FetchStep, folder: str) -> None:
    """Beside its place first: what is there is whole, and others may read it."""
    os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
    aside = tempfile.mkdtemp(prefix="fetch-", dir=os.path.dirname(folder))
    try:
        step_fetch.fetch_into(run, step, aside)
        with suppress(OSError):  # somebody else was faster
            os.rename(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def complete(run: Run) -> bool:
    """Bring all of what the step reads a part of; False where all is here already.

    Raises: Failure, LeaseEnded.
    """
    plan = run.attempt.plan
    needed = map(plan.step, plan.reads(run.attempt.step))
    fetches = [step for step in needed if isinstance(step, FetchStep)]
    # every one of them, so no generator
    done = [step_fetch.complete(run, s, run.place.folder_of(s.step_id)) for s in fetches]
    return any(done)


def keep(run: Run) -> None:
    """Store what other steps read of this one. Raises: Failure, LeaseEnded."""
    store, plan, step = shared(), run.attempt.plan, run.attempt.step
    read = {name for other in plan.steps for name in plan.reads(other)}
    if store is None or step.step_id not in read or isinstance(step, FetchStep):
        return
    names = sorted(n for n in os.listdir(run.folder) if os.path.isfile(os.path.join(run.folder, n)))
    store.keep(
        run.folder, run.attempt.key, names,
        lambda sent: run.tick(Progress(total_size_bytes=sent), None),
    )  # fmt: skip
