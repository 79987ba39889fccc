"""The files that steps hand on: here, or shared by WORK_URI where workers have no common disk."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from app import settings
from app.engine.progress import Progress
from app.engine.storage import local
from app.engine.storage.shared_work import SharedWork
from app.services import step_fetch
from app.services.step_run import Run
from planner.transfers import FETCH


def reads(step: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of the steps that a planned step waits for, those whose files it reads."""
    fetches = {one["step_id"] for one in steps if one["argv"][0] == FETCH}
    return [name for name in step["depends_on"] if name in fetches or _names(step, name)]


def _names(step: Mapping[str, Any], name: str) -> bool:
    return any(word.startswith(f"{{step:{name}}}") for word in step["argv"])


def shared() -> SharedWork | None:
    now = settings.current()
    return SharedWork(uri=now.work_uri, endpoint=now.s3_endpoint_url) if now.work_uri else None


def bring(run: Run) -> None:
    """Make sure that what the step reads is here. What was fetched from elsewhere is fetched again.

    Raises: Failure, LeaseEnded.
    """
    store, steps = shared(), _steps(run)
    if store is None:
        return
    planned = {step["step_id"]: step for step in steps}
    for name in reads(run.attempt.planned, steps):
        folder = run.place.folder_of(name)
        if os.path.isdir(folder):
            continue
        if planned[name]["argv"][0] == FETCH:
            _fetch_again(run, planned[name], folder)
            continue
        key = run.attempt.job.job_id, name, run.finished.attempts[name]
        try:
            store.bring(folder, key, lambda sent: run.tick(Progress(total_size_bytes=sent), None))
        except OSError as error:
            raise local.write_failure(error, "A work file") from error


def _fetch_again(run: Run, step: Mapping[str, Any], folder: str) -> None:
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
    steps = _steps(run)
    needed = reads(run.attempt.planned, steps)
    fetches = [s for s in steps if s["step_id"] in needed and s["argv"][0] == FETCH]
    # every one of them, so no generator
    done = [step_fetch.complete(run, s, run.place.folder_of(s["step_id"])) for s in fetches]
    return any(done)


def keep(run: Run) -> None:
    """Store what other steps read of this one. Raises: Failure, LeaseEnded."""
    store, step = shared(), run.attempt.planned
    read = {name for other in _steps(run) for name in reads(other, _steps(run))}
    if store is None or step["step_id"] not in read or step["argv"][0] == FETCH:
        return
    names = sorted(n for n in os.listdir(run.folder) if os.path.isfile(os.path.join(run.folder, n)))
    store.keep(
        run.folder, run.attempt.key, names,
        lambda sent: run.tick(Progress(total_size_bytes=sent), None),
    )  # fmt: skip


def _steps(run: Run) -> Sequence[Mapping[str, Any]]:
    plan = run.attempt.job.plan
    assert plan is not None
    steps: Sequence[Mapping[str, Any]] = plan["steps"]
    return steps
