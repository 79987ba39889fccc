"""Dry-run plans that a tenant may run by id. Never commits."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.store.models import StoredPlan


def keep(
    session: Session, tenant_id: str, plan_id: str, spec: dict[str, Any], plan: dict[str, Any]
) -> None:
    """Store a plan; the same content again changes nothing."""
    session.execute(
        insert(StoredPlan)
        .values(tenant_id=tenant_id, plan_id=plan_id, spec=spec, plan=plan)
        .on_conflict_do_nothing()
    )


def get(session: Session, tenant_id: str, plan_id: str) -> StoredPlan | None:
    return session.scalar(
        select(StoredPlan).where(StoredPlan.tenant_id == tenant_id, StoredPlan.plan_id == plan_id)
    )
