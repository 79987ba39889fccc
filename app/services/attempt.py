"""One execution of a step, as a value: whose it is, and what was planned for it."""

from dataclasses import dataclass
from typing import Any

from app.store.models import Job


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt that this process has claimed. `failures` counts those before it, `beside` the steps
    of its tenant that ran at this worker when it began."""

    job: Job
    step_id: str
    number: int
    failures: int
    beside: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        return self.job.job_id, self.step_id, self.number

    @property
    def place(self) -> dict[str, Any]:
        """Where it is, for error objects and log lines."""
        return {"step_id": self.step_id, "attempt": self.number}

    @property
    def kind(self) -> str:
        return str(self.planned["kind"])

    @property
    def planned(self) -> dict[str, Any]:
        """The step as the plan has it."""
        assert self.job.plan is not None
        found: dict[str, Any] = next(
            step for step in self.job.plan["steps"] if step["step_id"] == self.step_id
        )
        return found
