"""Write a new migration by comparing the models with a fresh, migrated database."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from alembic import command

from app.embedded.postgres import Postgres
from app.store import migrate

folder = Path(tempfile.mkdtemp(prefix="mp-migration-"))
postgres = Postgres(data=folder / "postgres", sockets=folder / "s", is_durable=False)
try:
    os.environ["DATABASE_URL"] = postgres.start()
    migrate.upgrade()
    command.revision(migrate.config(), sys.argv[1] or "change", autogenerate=True)
finally:
    postgres.stop()
    shutil.rmtree(folder)
