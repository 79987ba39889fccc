"""Do the work of a transfer step: fetch a source into the work folder, or send an output away."""

import os

from app import metrics
from app.services import step_command, step_publish
from app.services.step_fetch import fetch_into
from app.services.step_run import Run
from app.store import attempts, steps
from app.store.session import transaction
from operators.media import MediaInfo
from planner.plan import CommandStep, FetchStep, TransferStep, UploadStep


def transfer(run: Run, step: TransferStep) -> steps.Completion:
    """Run the step; the steps that waited for it. Raises: Failure, LeaseEnded."""
    argv = list(step.argv)
    with transaction() as session:
        attempts.annotate(session, *run.attempt.key, command=" ".join(argv), argv=argv)
    match step:
        case FetchStep():
            return _fetch(run, step)
        case UploadStep():
            return _send(run, step)
    raise TypeError(step.type)


def _fetch(run: Run, step: FetchStep) -> steps.Completion:
    moved = fetch_into(run, step, run.folder)
    metrics.transferred.labels("in").inc(moved)
    with transaction() as session:
        done = step_publish.complete(session, run)
        step_publish.close(session, run.attempt, usage=run.usage(moved))
    return done


def _send(run: Run, step: UploadStep) -> steps.Completion:
    """Publish an output that an earlier step made."""
    attempt, folder = run.attempt, run.place.folder_of(step.from_step)
    made_by = attempt.plan.step(step.from_step)
    assert isinstance(made_by, CommandStep)
    output = step_command.output_file(attempt.plan, made_by, attempt.addresses, step.output, folder)
    found = MediaInfo.from_json(attempt.job.outputs[step.output]["media_info"])
    done = step_publish.publish(run, [output], [found])
    metrics.transferred.labels("out").inc(
        sum(os.path.getsize(path) for path, _ in output.written())
    )
    return done
