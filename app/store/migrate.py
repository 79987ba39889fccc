"""Alembic, run from here: bring the database's schema to this version."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import migrations
from app import settings
from app.store.session import database_url, engine


def config() -> Config:
    """Alembic's configuration, for this process's database."""
    made = Config()
    made.set_main_option("script_location", str(Path(migrations.__file__).parent))
    # ConfigParser reads percent signs
    url = database_url(settings.current().database_url).replace("%", "%%")
    made.set_main_option("sqlalchemy.url", url)
    made.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(rev)s_%%(slug)s")
    return made


def pending() -> int:
    """How many migrations the database lacks."""
    script = ScriptDirectory.from_config(config())
    with engine().connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    return sum(1 for found in script.iterate_revisions("head", now) if found.revision != now)


def upgrade(revision: str = "head") -> None:
    """Upgrade the schema; does nothing where it is there already."""
    command.upgrade(config(), revision)
