"""The plan that is stored with a job, as a value."""

from app.errors import Failure
from app.store.models import Job
from operators.problem import Code
from planner.plan import Plan
from planner.plan.versions import NewerPlan


class LaterPlan(Failure):
    """A later version of the service stored the plan: a worker of that version may take the step."""


def plan_of(job: Job) -> Plan:
    """Raises: LaterPlan."""
    assert job.plan is not None
    try:
        return Plan.from_json(job.plan)
    except NewerPlan as newer:
        raise LaterPlan(code=Code.SERVICE_UNAVAILABLE, message=f"{newer}.".capitalize()) from newer
