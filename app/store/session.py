"""Connections and transactions. An engine is made once for each process and URL."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import settings

Unreachable = DBAPIError
"""What a transaction raises when Postgres does not answer (and for our own mistakes in SQL)."""


def database_url(text: str) -> str:
    """The URL with the driver named: SQLAlchemy 2.1 would read a bare one as psycopg 3."""
    url = make_url(text)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg2")
    return url.render_as_string(hide_password=False)


@cache
def _engine(url: str, pid: int) -> Engine:
    # the pid is part of the key: a forked pool child must not share its parent's sockets
    return create_engine(
        database_url(url),
        pool_size=8,
        max_overflow=16,
        pool_timeout=5,
        # a server that was restarted is noticed before a query is sent over a dead connection
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 3,
            "application_name": "media-pipeline",
            # a statement that hangs must not hold a worker for ever
            "options": "-c statement_timeout=30000 -c timezone=UTC",
            "keepalives_idle": 10,
        },
    )


def engine() -> Engine:
    return _engine(settings.current().database_url, os.getpid())


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end of the block, or rolls back when it raises."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session
