"""Do the work of an attempt: run FFmpeg, compare what it wrote with the plan, publish it."""

import os

from app import log
from app.engine import ffprobe, probe
from app.engine.classify import damage_of
from app.engine.tools import Tools
from app.engine.verify import verify
from app.errors import Failure
from app.services import (
    input_versions,
    step_files,
    step_measure,
    step_publish,
    step_transfer,
    work_files,
)
from app.services.attempt import Attempt
from app.services.step_command import OutputFile
from app.services.step_doubts import doubts
from app.services.step_lease import Lease
from app.services.step_run import Run, begin, check_disk
from app.store import jobs
from app.store.session import transaction
from app.store.steps import Completion
from operators.media import MediaInfo
from operators.problem import Code, Problem
from planner.plan import CommandStep, MeasureStep, TransferStep
from planner.uri import is_remote

_BLAMED = (Code.INPUT_CORRUPTED, Code.DECODING_FAILED, Code.OUTPUT_INVALID, Code.OUTPUT_EMPTY)
"""What an input is blamed for that may only have a hole where it was read."""


def perform(attempt: Attempt, lease: Lease, seconds_left: float) -> Completion:
    """Everything from the claim to the completed step; the steps that wait for it and are queued.

    Raises: Failure, LeaseEnded.
    """
    run = begin(attempt, lease, seconds_left)
    check_disk(attempt, run.folder)
    work_files.bring(run)
    if isinstance(attempt.step, TransferStep):
        return step_transfer.transfer(run, attempt.step)
    try:
        with ffprobe.attended(lambda _: lease.check()):
            return _work(run)
    except Failure:
        lease.check()  # what is not wanted any more did not fail
        raise


def _work(run: Run) -> Completion:
    """Raises: Failure, LeaseEnded."""
    step, lease = run.command_step, run.lease
    maker = step_files.Maker(
        folder=run.folder, locate=run.locate, binaries=run.binaries, tick=lease.tick
    )
    step_files.write(step.files, maker)
    lease.check()
    input_versions.check(run)
    try:
        return _run(run, step)
    except Failure as failure:
        input_versions.check(run)  # which would explain it
        if failure.code not in _BLAMED or not work_files.complete(run):
            raise
        return _run(run, step)


def _run(run: Run, step: CommandStep) -> Completion:
    return _measure(run, step) if isinstance(step, MeasureStep) else _make(run)


def _make(run: Run) -> Completion:
    """Run the step's command, and publish what it wrote if that is what was planned."""
    command, outcome = run.ffmpeg({})
    damage = damage_of(outcome)
    if damage and work_files.complete(run):  # it may have met a hole
        command, outcome = run.ffmpeg({})
        damage = damage_of(outcome)
    found = [_inspect(output, run.binaries, damage) for output in command.outputs]
    is_damaged = damage is not None and damage[0] is Code.INPUT_CORRUPTED
    warnings = [_damage_warning()] if is_damaged else doubts(run, command.outputs, found, outcome)
    input_versions.check(run)
    work_files.keep(run)
    pairs = list(zip(command.outputs, found, strict=True))
    here = [pair for pair in pairs if not is_remote(pair[0].destination)]
    if len(here) < len(pairs):
        away = [pair for pair in pairs if pair not in here]
        step_publish.keep_found(run.attempt.job.job_id, away)
    done = step_publish.publish(run, [o for o, _ in here], [i for _, i in here], warnings)
    log.get(__name__).info("step completed", wall_s=round(outcome.wall_s, 2))
    return done


def _measure(run: Run, step: MeasureStep) -> Completion:
    """Run a measuring step until its values are settled, and hand them on."""
    attempt, node = run.attempt, run.attempt.plan.operation(step.measures)
    operator = step_measure.operator_of(node)
    found = step_measure.measure(operator, lambda values: run.ffmpeg(values)[1].stderr_tail)
    with transaction() as session:
        done = step_publish.complete(session, run)
        if found.warning:
            problem = step_measure.warning(node, found.warning)
            jobs.add_warning(session, attempt.job.job_id, problem.to_json())
        step_publish.close(session, attempt, usage=run.usage(0), result=dict(found.values))
    return done


def _inspect(output: OutputFile, binaries: Tools, damage: tuple[Code, str] | None) -> MediaInfo:
    """Probe what was written, and compare it with the plan. Raises: Failure."""
    files = [path for path, _ in output.written()]
    if not files or any(os.path.getsize(path) == 0 for path in files):
        empty = Failure(code=Code.OUTPUT_EMPTY, message=f"Output {output.index} was not written.")
        raise _blamed(empty, damage)
    if output.is_numbered and output.planned.duration_is_exact and len(files) != output.images:
        raise Failure(
            code=Code.OUTPUT_INVALID,
            message=f"Output {output.index} has {len(files)} pictures instead of {output.images}.",
        )
    try:
        # pictures of one command are alike; the last was written when all others were
        info = probe.probe(files[-1], binaries)
    except Failure as failure:
        raise Failure(
            code=Code.OUTPUT_INVALID,
            message=f"Output {output.index} cannot be read back: {failure.message}",
        ) from failure
    try:
        verify(output.planned, info)
    except Failure as failure:
        raise _blamed(failure, damage) from failure
    return info


def _blamed(failure: Failure, damage: tuple[Code, str] | None) -> Failure:
    """An output that is not as planned is the input's fault where FFmpeg could not decode that."""
    if damage is None:
        return failure
    return Failure(
        code=damage[0], message=f"{damage[1]} {failure.message or failure.meaning.message}"
    )


def _damage_warning() -> Problem:
    return Problem(
        code=Code.INPUT_CORRUPTED,
        pointer="/inputs",
        message="places of the input are damaged; the output was made from what could be decoded",
        suggestion="Check how the output looks there; send the input again if it was cut off.",
    )
