"""One execution of a step, as a value: whose it is, and what was planned for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.services.policy import limits_for
from app.services.stored_plan import plan_of
from app.store.models import Job
from planner.accepted import AcceptedSpec
from planner.plan import Plan, Step
from planner.plan.addresses import Addresses
from planner.spec import LimitsSpec


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt that this process has claimed. `kind`: which workers take its step; `failures` counts
    those before it, `beside` the steps of its tenant that ran at this worker when it began."""

    job: Job
    step_id: str
    kind: str
    nodes: Sequence[str]
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

    @cached_property
    def plan(self) -> Plan:
        """Raises: LaterPlan."""
        return plan_of(self.job)

    @cached_property
    def step(self) -> Step:
        """Raises: LaterPlan."""
        return self.plan.step(self.step_id)

    @cached_property
    def spec(self) -> AcceptedSpec:
        return AcceptedSpec.of(self.job.spec)

    @property
    def addresses(self) -> Addresses:
        return self.spec.addresses

    @property
    def limits(self) -> LimitsSpec:
        """What it may take."""
        return limits_for(self.job.tenant_id, self.spec.limits)
