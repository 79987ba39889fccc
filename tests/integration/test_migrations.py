"""Migrations go up and down, and say the same as the models."""

import pytest
from alembic import command
from sqlalchemy import inspect

from app.store import migrate
from app.store.models import Base
from app.store.session import engine

pytestmark = pytest.mark.usefixtures("database")


def test_the_models_are_what_the_migrations_make() -> None:
    command.check(migrate.config())


def test_down_and_up_again() -> None:
    command.downgrade(migrate.config(), "base")
    assert inspect(engine()).get_table_names() == ["alembic_version"]
    migrate.upgrade()
    assert set(Base.metadata.tables) < set(inspect(engine()).get_table_names())
