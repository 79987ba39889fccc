"""What a task of ours failed for: Flower shows such a task as failed, and nothing else follows from it.

What is tried again, and when, has been decided and written down by then.
"""

from celery import Task

from app.errors import Failure
from app.redact import redact_text


class TaskFailed(Exception):
    """The code and the sentence of an error that is told elsewhere in full."""


def failed(task: Task, failure: Failure) -> TaskFailed:  # type: ignore[type-arg]
    """To be raised at a task's end. A chain's rest and a chord are not told: they are advanced by what
    the service knows, and would otherwise fail in Celery's way, loudly."""
    task.request.chain = None
    task.request.chord = None
    return TaskFailed(redact_text(str(failure)))
