"""Plan without running: the dry run behind POST /v1/plans and `media-pipeline plan`."""

from typing import Any

from app.services.media_probe import probe_inputs
from app.services.policy import options_for, policy_for
from app.store import plans
from app.store.session import transaction
from planner.parse import parse_spec
from planner.plan import ProcessingPlan, make_plan


def preview(document: Any, tenant_id: str) -> ProcessingPlan:
    """The plan that a job with this spec would get now. Raises: Invalid."""
    parsed = parse_spec(document, policy_for(tenant_id))
    options = options_for(tenant_id, parsed.spec)
    return make_plan(parsed.spec, probe_inputs(parsed.spec, tenant_id), options, parsed.warnings)


def preview_and_keep(document: Any, tenant_id: str) -> dict[str, Any]:
    """The same, stored so that `{"plan_id": …}` runs exactly it. Raises: Invalid."""
    plan = preview(document, tenant_id).to_json()
    with transaction() as session:
        plans.keep(session, tenant_id, plan["plan_id"], document, plan)
    return plan
