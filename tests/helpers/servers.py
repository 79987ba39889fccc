"""Real servers for this process: PostgreSQL and Valkey from wheels, on private sockets."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app import settings
from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey
from app.queue.celery import celery
from app.queue.urls import celery_url
from app.store import migrate
from app.store.session import engine
from tests.helpers import kinds


@contextmanager
def own_servers(**env: str) -> Iterator[str]:
    """A migrated database, and a broker, that this process's settings point at, with folders for
    work and media; the database's URL. All is as before at the end."""
    kinds.require("server")
    folder = Path(tempfile.mkdtemp(prefix="mp-test-"))
    postgres = Postgres(data=folder / "postgres", sockets=folder / "s", is_durable=False)
    valkey = Valkey(sockets=folder / "v")
    before = dict(os.environ)
    try:
        os.environ.update(env, DATABASE_URL=postgres.start(), REDIS_URL=valkey.start())
        os.environ.update(WORK_DIR=str(folder / "work"), MEDIA_ROOTS=str(folder / "media"))
        settings.current.cache_clear()
        # whatever test came first may have made Celery read its settings
        url = celery_url(os.environ["REDIS_URL"])
        celery.conf.update(broker_url=url, result_backend=url)
        migrate.upgrade()
        yield os.environ["DATABASE_URL"]
        engine().dispose()
    finally:
        valkey.stop()
        postgres.stop()
        os.environ.clear()
        os.environ.update(before)
        settings.current.cache_clear()
        shutil.rmtree(folder)
