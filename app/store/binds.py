"""What statements are built with that are built once: to build one costs five times as much as to run it."""

from typing import Any, cast

from sqlalchemy import Integer, Table, Text, bindparam

from app.store.models import Base

JOB = bindparam("in_job", type_=Text())
STEP = bindparam("in_step", type_=Text())
ATTEMPT = bindparam("in_attempt", type_=Integer())


def key(job_id: str, step_id: str, attempt: int = 0) -> dict[str, Any]:
    """Values for them."""
    return {"in_job": job_id, "in_step": step_id, "in_attempt": attempt}


def table(model: type[Base]) -> Table:
    """Of a model, for rows that nobody loads as objects."""
    return cast(Table, model.__table__)


def placeholders(names: tuple[str, ...]) -> dict[str, Any]:
    """Values that are not known yet, by column."""
    return {name: bindparam(f"new_{name}") for name in names}


def fill(values: dict[str, Any]) -> dict[str, Any]:
    """Values for placeholders."""
    return {f"new_{name}": value for name, value in values.items()}
