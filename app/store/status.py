"""The states, and which may follow which: the table of the specification as data."""

from enum import StrEnum


class JobStatus(StrEnum):
    PENDING = "pending"
    VALIDATING = "validating"
    PLANNING = "planning"
    DOWNLOADING_INPUTS = "downloading_inputs"
    PROCESSING = "processing"
    UPLOADING_OUTPUTS = "uploading_outputs"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepStatus(StrEnum):
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WorkerStatus(StrEnum):
    ACTIVE = "active"
    DRAINING = "draining"
    OFFLINE = "offline"


_J = JobStatus
_ENDS = frozenset({_J.FAILED, _J.CANCELLED})

MAY_BECOME: dict[JobStatus, frozenset[JobStatus]] = {
    _J.PENDING: _ENDS | {_J.VALIDATING},
    _J.VALIDATING: _ENDS | {_J.PLANNING},
    _J.PLANNING: _ENDS | {_J.DOWNLOADING_INPUTS},
    _J.DOWNLOADING_INPUTS: _ENDS | {_J.PROCESSING},
    _J.PROCESSING: _ENDS | {_J.UPLOADING_OUTPUTS},
    _J.UPLOADING_OUTPUTS: _ENDS | {_J.COMPLETED},
    _J.COMPLETED: frozenset(),
    _J.CANCELLED: frozenset(),
    _J.FAILED: frozenset({_J.PENDING}),  # by retry alone
}

TERMINAL = frozenset({_J.COMPLETED, _J.FAILED, _J.CANCELLED})
LIVE = frozenset(JobStatus) - TERMINAL
UNPLANNED = frozenset({_J.PENDING, _J.VALIDATING, _J.PLANNING})
RUNNING = frozenset({_J.DOWNLOADING_INPUTS, _J.PROCESSING, _J.UPLOADING_OUTPUTS})
"""A job with steps that may be executed."""


def may_precede(to: JobStatus) -> list[str]:
    """The statuses from which a job may go to `to`."""
    return sorted(status.value for status, next_ones in MAY_BECOME.items() if to in next_ones)
