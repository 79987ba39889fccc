"""Routes of /v1/plans: dry runs."""

from typing import Any

from app.api.auth import requires, tenant
from app.api.body import Blueprint, read_json
from app.api.plan_schema import PlanSchema
from app.api.spec_schema import request_body
from app.services import plan_preview

plans = Blueprint("plans", __name__, url_prefix="/v1/plans", description="Plan without running")


@plans.route("", methods=["POST"])
@requires("jobs:write")
@plans.doc(requestBody=request_body())
@plans.response(200, PlanSchema)
def create_plan() -> Any:
    """Plan a job without running it; `{"plan_id": …}` then runs exactly this plan."""
    return plan_preview.preview_and_keep(read_json(), tenant())
