"""Dry-run plans that a tenant may run by id. Never commits."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.store.models import StoredPlan


def keep(
    session: Session, tenant_id: str, plan_id: str, spec: dict[str, Any], plan: dict[str, Any]
) -> None:
    """Store a plan. The same content again keeps the later spec: its priority, tags and timeout
    are not part of the plan, and the later ones are what was last asked for."""
    values = {"spec": spec, "plan": plan}
    session.execute(
        insert(StoredPlan)
        .values(tenant_id=tenant_id, plan_id=plan_id, **values)
        .on_conflict_do_update(
            index_elements=[StoredPlan.tenant_id, StoredPlan.plan_id], set_=values
        )
    )


def get(session: Session, tenant_id: str, plan_id: str) -> StoredPlan | None:
    return session.scalar(
        select(StoredPlan).where(StoredPlan.tenant_id == tenant_id, StoredPlan.plan_id == plan_id)
    )
