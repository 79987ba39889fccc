"""The plan that is stored with a job, as a value."""

from app.errors import Failure
from app.store.models import Job
from operators.problem import Code
from planner.plan import Plan
from planner.plan.versions import NewerPlan


def plan_of(job: Job) -> Plan:
    """Raises: Failure where a later version of the service stored it: such a worker may take the step."""
    assert job.plan is not None
    try:
        return Plan.from_json(job.plan)
    except NewerPlan as newer:
        raise Failure(code=Code.SERVICE_UNAVAILABLE, message=f"{newer}.".capitalize()) from newer
