"""Plan without running: the dry run behind POST /v1/plans and `media-pipeline plan`."""

from collections.abc import Callable
from typing import Any

from app import settings
from app.services import turns
from app.services.input_versions import noted, versions
from app.services.job_files import checked
from app.services.media_probe import probe_inputs, soon
from app.services.policy import options_for, options_now, policy_for
from app.store import plans
from app.store.session import transaction
from planner.make_plan import Options, make_plan
from planner.parse import Parsed, parse_spec
from planner.plan import Plan
from planner.plan.addresses import Addresses
from planner.spec import JobSpec


def preview(document: Any, tenant_id: str) -> Plan:
    """The plan that this machine alone would make, without a database. Raises: Invalid."""
    plan = _plan(parse_spec(document, policy_for(tenant_id)), tenant_id, options_for)
    return checked(plan, Addresses.of(document))


def preview_and_keep(document: Any, tenant_id: str) -> dict[str, Any]:
    """The plan that a job would get now, stored so that `{"plan_id": …}` runs exactly it.

    Raises: Invalid.
    """
    with turns.in_turn(tenant_id):
        parsed = parse_spec(document, policy_for(tenant_id))
        known = versions(parsed.spec, settings.current().roots(tenant_id))
        plan = noted(_plan(parsed, tenant_id, options_now), known)
        stored = checked(plan, Addresses.of(document)).to_json()
    with transaction() as session:
        plans.keep(session, tenant_id, plan.plan_id, document, stored)
    return stored


def _plan(parsed: Parsed, tenant_id: str, options: Callable[[str, JobSpec], Options]) -> Plan:
    probed = probe_inputs(parsed.spec, tenant_id, soon())
    return make_plan(parsed.spec, probed, options(tenant_id, parsed.spec), parsed.warnings)
