"""Do the work of a transfer step: fetch a source into the work folder, or send an output away."""

import os

from app import metrics
from app.services import step_command, step_publish
from app.services.step_fetch import fetch_into
from app.services.step_run import Run
from app.store import attempts, steps
from app.store.session import transaction
from operators.media import MediaInfo
from planner.transfers import FETCH


def transfer(run: Run) -> steps.Completion:
    """Run the step; the steps that waited for it. Raises: Failure, LeaseEnded."""
    argv = run.attempt.planned["argv"]
    with transaction() as session:
        attempts.annotate(session, *run.attempt.key, command=" ".join(argv), argv=argv)
    return _fetch(run) if argv[0] == FETCH else _send(run)


def _fetch(run: Run) -> steps.Completion:
    moved = fetch_into(run, run.attempt.planned, run.folder)
    metrics.transferred.labels("in").inc(moved)
    with transaction() as session:
        done = step_publish.complete(session, run)
        step_publish.close(session, run.attempt, usage=run.usage(moved))
    return done


def _send(run: Run) -> steps.Completion:
    """Publish an output that an earlier step made."""
    plan, job = run.attempt.job.plan, run.attempt.job
    assert plan is not None
    index = int(run.attempt.planned["nodes"][0].removeprefix("output_"))
    (maker,) = run.attempt.planned["depends_on"]
    made_by = next(step for step in plan["steps"] if step["step_id"] == maker)
    output = step_command.output_file(plan, job.spec, made_by, index, run.place.folder_of(maker))
    found = MediaInfo.from_json(job.outputs[index]["media_info"])
    done = step_publish.publish(run, [output], [found])
    metrics.transferred.labels("out").inc(
        sum(os.path.getsize(path) for path, _ in output.written())
    )
    return done
