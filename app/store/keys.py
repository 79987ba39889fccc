"""API keys: look-up by their public id. Never commits."""

from datetime import datetime

from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from app.store.models import ApiKey

_NOW = func.clock_timestamp()


def add(
    session: Session,
    *,
    key_id: str,
    tenant_id: str,
    name: str,
    secret_sha256: str,
    scopes: list[str],
    expires_at: datetime | None = None,
) -> None:
    session.add(
        ApiKey(
            key_id=key_id,
            tenant_id=tenant_id,
            name=name,
            secret_sha256=secret_sha256,
            scopes=scopes,
            expires_at=expires_at,
        )
    )


def get(session: Session, key_id: str) -> ApiKey | None:
    return session.get(ApiKey, key_id)


def page(
    session: Session, tenant_id: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[ApiKey]:
    """Newest first, after the one with the time and id `before`."""
    query = select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.key_id.desc()).limit(limit)
    if tenant_id is not None:
        query = query.where(ApiKey.tenant_id == tenant_id)
    if before is not None:
        query = query.where(tuple_(ApiKey.created_at, ApiKey.key_id) < tuple_(*before))
    return list(session.scalars(query))


def revoke(session: Session, key_id: str) -> bool:
    """The key is refused from now on; False where there is none."""
    return (
        session.execute(
            update(ApiKey)
            .where(ApiKey.key_id == key_id)
            .values(revoked_at=func.coalesce(ApiKey.revoked_at, _NOW))
            .returning(ApiKey.key_id)
        ).scalar_one_or_none()
        is not None
    )


def find_valid(session: Session, key_id: str) -> ApiKey | None:
    """The key if it is neither revoked nor expired."""
    return session.scalar(
        select(ApiKey).where(
            ApiKey.key_id == key_id,
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > _NOW),
        )
    )


def note_use(session: Session, key_id: str) -> None:
    """Remember when a key was used, to the minute: a busy key costs one write a minute."""
    minute_ago = _NOW - func.make_interval(0, 0, 0, 0, 0, 1)
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.key_id == key_id,
            or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < minute_ago),
        )
        .values(last_used_at=_NOW)
    )


def is_any(session: Session) -> bool:
    return session.scalar(select(ApiKey.key_id).limit(1)) is not None
