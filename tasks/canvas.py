"""From the ready frontier to a canvas: a chain for each ready step with its linear tail, and a
chord over two or more chains whose body advances the job."""

from itertools import count

from celery import Task, chain, chord
from celery.canvas import Signature

from app.queue import names
from app.queue.celery import celery
from app.queue.send import MIDDLE
from app.services import fairness
from app.services.frontier import Frontier, StepMessage
from tasks.failed import failed


def build(frontier: Frontier) -> Signature | None:
    """The canvas of a frontier, or None when nothing is ready.

    A step that makes others ready, or ends a stage, advances its job by itself, so correctness never
    rests on the chord's body.
    """
    levels = (fairness.level(frontier.outstanding + n) for n in count())
    chains = [_chain(frontier, *pair) for pair in zip(frontier.chains, levels, strict=False)]
    if not chains:
        return None
    if len(chains) == 1:
        return chains[0]
    return chord(chains, body=_advance(frontier))


def send(frontier: Frontier, task: Task) -> None:  # type: ignore[type-arg]
    """Send the canvas, or `task` again later. What cannot be sent now is sent by the sweep."""
    if frontier.retry_in is not None:
        raise task.retry(countdown=frontier.retry_in)
    canvas = build(frontier)
    if canvas is not None:
        canvas.apply_async()
    if frontier.failure is not None:
        raise failed(task, frontier.failure)


def _chain(frontier: Frontier, steps: tuple[StepMessage, ...], level: int) -> Signature:
    links = [_step(frontier, step, level) for step in steps]
    return links[0] if len(links) == 1 else chain(*links)


def _step(frontier: Frontier, step: StepMessage, level: int) -> Signature:
    return celery.signature(
        names.RUN_STEP,
        args=(frontier.job_id, step.step_id),
        immutable=True,
        queue=names.queue_of(step.kind),
        # a chain's later tasks do not inherit it
        priority=level,
        # what it does comes first: lists cut off what is long
        argsrepr=f"({step.shown}, {frontier.job_id})",
    )


def _advance(frontier: Frontier) -> Signature:
    return celery.signature(
        names.ADVANCE,
        args=(frontier.job_id,),
        immutable=True,
        queue=names.CONTROL,
        priority=MIDDLE,
    )
