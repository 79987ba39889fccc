"""Migrations go up and down on a database with rows, and say the same as the models."""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from app.store import migrate
from app.store.models import Base
from app.store.session import engine

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]

_VALUES: dict[str, Any] = {
    "INTEGER": 1, "BIGINT": 1, "TEXT": "a", "BOOLEAN": True, "JSON": {}, "JSONB": {}, "ARRAY": ["a"],
    "DOUBLE PRECISION": 1.5, "DOUBLE_PRECISION": 1.5, "TIMESTAMP": sa.func.now(),
}  # fmt: skip


def test_the_models_are_what_the_migrations_make() -> None:
    command.check(migrate.config())


def test_each_migration_goes_down_and_up_on_a_database_with_rows() -> None:
    found = ScriptDirectory.from_config(migrate.config()).walk_revisions()
    newest_first = [script.revision for script in found]
    command.downgrade(migrate.config(), "base")  # rows of other tests
    migrate.upgrade()
    assert _fill() >= set(Base.metadata.tables)
    jobs = _count("jobs")
    try:
        _go_down_and_up(newest_first, jobs)
    finally:
        migrate.upgrade()  # whatever happened: other tests need the tables


def _go_down_and_up(newest_first: list[str], jobs: int) -> None:
    for _ in newest_first[:-1]:
        command.downgrade(migrate.config(), "-1")
        assert _count("jobs") == jobs, "jobs outlive every way back"
        _fill()
    for _ in newest_first[:-1]:
        command.upgrade(migrate.config(), "+1")
        assert _count("jobs") == jobs
        _fill()
    command.check(migrate.config())
    command.downgrade(migrate.config(), "base")
    assert sa.inspect(engine()).get_table_names() == ["alembic_version"]


def _fill() -> set[str]:
    """A row in each table that has none, as its columns are now; the tables that have rows."""
    there = sa.MetaData()
    there.reflect(engine())
    with engine().begin() as connection:
        for table in there.sorted_tables:
            if table.name == "alembic_version" or connection.scalar(
                sa.select(sa.exists(table.select()))
            ):
                continue
            row = {
                column.name: _VALUES[type(column.type).__name__.upper()]
                for column in table.columns
                if not column.nullable and column.server_default is None and not column.identity
            }
            connection.execute(table.insert().values(row))
        return {
            table.name
            for table in there.sorted_tables
            if connection.scalar(sa.select(sa.exists(table.select())))
        }


def _count(table: str) -> Any:
    with engine().connect() as connection:
        return connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))
