"""Plan without running: the dry run behind POST /v1/plans and `media-pipeline plan`."""

from collections.abc import Callable
from typing import Any

from app.services import remote
from app.services.job_files import checked
from app.services.media_probe import probe_inputs, soon
from app.services.policy import options_for, options_now, policy_for
from app.store import plans
from app.store.session import transaction
from planner.parse import parse_spec
from planner.plan import Options, ProcessingPlan, make_plan
from planner.spec import JobSpec


def preview(document: Any, tenant_id: str) -> ProcessingPlan:
    """The plan that this machine alone would make, without a database. Raises: Invalid."""
    plan = _plan(document, tenant_id, options_for)
    checked(plan.to_json(), document)
    return plan


def preview_and_keep(document: Any, tenant_id: str) -> dict[str, Any]:
    """The plan that a job would get now, stored so that `{"plan_id": …}` runs exactly it.

    Raises: Invalid.
    """
    with remote.in_turn(tenant_id):
        plan = checked(_plan(document, tenant_id, options_now).to_json(), document)
    with transaction() as session:
        plans.keep(session, tenant_id, plan["plan_id"], document, plan)
    return plan


def _plan(
    document: Any, tenant_id: str, options: Callable[[str, JobSpec], Options]
) -> ProcessingPlan:
    parsed = parse_spec(document, policy_for(tenant_id))
    probed = probe_inputs(parsed.spec, tenant_id, soon())
    return make_plan(parsed.spec, probed, options(tenant_id, parsed.spec), parsed.warnings)
