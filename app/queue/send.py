"""Typed sending by task name, after commit. A send that fails is logged: the sweep sends again."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from celery.exceptions import OperationalError
from kombu import Connection, Queue
from kombu.exceptions import KombuError
from kombu.pools import producers
from redis.exceptions import RedisError

from app import log, metrics
from app.queue import names
from app.queue.celery import celery

_PATIENCE_S = 0.8


FIRST, MIDDLE = 0, 5
"""Levels: places in a queue, 0 first, 9 last; Celery's priorities on Redis."""


def enqueue_advance(job_id: str) -> bool:
    """Ask for a job to be advanced."""
    return _send(names.ADVANCE, names.CONTROL, (job_id,), MIDDLE)


def enqueue_plan(job_id: str) -> bool:
    """Ask for a job to be planned where that may take long."""
    return _send(names.PLAN, names.PLANNING, (job_id,), MIDDLE)


def enqueue_admit() -> bool:
    """Ask for waiting jobs to be admitted."""
    return _send(names.ADMIT, names.CONTROL, (), FIRST)


def enqueue_step(
    job_id: str,
    step_id: str,
    level: int,
    kind: str = "ffmpeg",
    place: str | None = None,
    in_s: float | None = None,
) -> bool:
    """Send a step's message once more, to the workers of a place or to all, for now or for later; the
    claim makes it harmless if the first was not lost."""
    return _send(names.RUN_STEP, names.queue_of(kind, place), (job_id, step_id), level, in_s)


def enqueue_next(job_id: str, woken: Sequence[tuple[str, str]], level: int, is_turn: bool) -> None:
    """After a step: the steps (id, kind) that were queued behind it, and the job where it may do more."""
    for step_id, kind in woken:
        enqueue_step(job_id, step_id, level, kind)
    if is_turn:
        enqueue_advance(job_id)


def enqueue_digest(job_id: str) -> bool:
    """Ask for the checksums of a finished job's outputs."""
    return _send(names.DIGEST_OUTPUTS, names.TRANSFER, (job_id,), MIDDLE)


def enqueue_webhook(delivery_id: str) -> bool:
    """Ask for a webhook to be sent."""
    return _send(names.DELIVER_WEBHOOK, names.WEBHOOKS, (delivery_id,), MIDDLE)


@cache
def _connection(url: str) -> Connection:
    """What its pool is known by. Unlike a worker, a sender must not wait for a Redis that hangs."""
    return celery.connection_for_write(url, transport_options={"socket_timeout": _PATIENCE_S})


def _send(
    name: str, queue: str, args: tuple[Any, ...], level: int, in_s: float | None = None
) -> bool:
    try:
        with producers[_connection(celery.conf.broker_url)].acquire(
            block=True, timeout=_PATIENCE_S
        ) as producer:
            celery.send_task(
                name,
                args=args,
                # a place's queue is known to its workers alone
                queue=Queue(queue),  # type: ignore[arg-type]
                priority=level,
                countdown=in_s,
                retry=False,
                ignore_result=True,
                producer=producer,
            )
        return True
    except (OperationalError, KombuError, RedisError, OSError) as error:
        metrics.messages_unsent.labels(name).inc()
        log.get(__name__).warning(
            "not sent, the sweep will", task=name, args=args, error=str(error)
        )
        return False
