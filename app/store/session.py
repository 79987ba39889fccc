"""Connections and transactions. An engine is made once for each process and URL."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app import settings
from app.store import rested

Unreachable = (OperationalError, InterfaceError, PoolTimeout)
"""What a transaction raises when Postgres is away, restarts, or ends a deadlock: try again."""


def database_url(text: str) -> str:
    """The URL with the driver named: SQLAlchemy 2.1 would read a bare one as psycopg 3."""
    url = make_url(text)
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg2")
    return url.render_as_string(hide_password=False)


@cache
def _engine(url: str, pid: int) -> Engine:
    # the pid is part of the key: a forked pool child must not share its parent's sockets
    made = create_engine(
        database_url(url),
        pool_size=8,
        max_overflow=16,
        pool_timeout=5,
        hide_parameters=True,  # specs, with signed URLs in them, are among those
        connect_args={
            "connect_timeout": 3,
            "application_name": "media-pipeline",
            # a statement that hangs must not hold a worker for ever
            # and a host that vanished must not keep its locks
            "options": "-c statement_timeout=30000 -c timezone=UTC"
            " -c idle_in_transaction_session_timeout=20000",
            # a host that is gone is noticed in seconds, not in hours
            "keepalives_idle": 5,
            "keepalives_interval": 3,
            "keepalives_count": 2,
            "tcp_user_timeout": 8000,
        },
    )
    rested.watch(made)
    return made


def engine() -> Engine:
    return _engine(settings.current().database_url, os.getpid())


_AFTER = "after_commit"
UNSEEN: Mapping[str, Any] = MappingProxyType({"synchronize_session": False})
"""Execution options of changes to rows that nobody has loaded here, or looks at again: to bring objects
up to date costs more than the change."""


@contextmanager
def exclusive(name: str) -> Iterator[bool]:
    """Whether we alone hold `name` now, in all processes; Postgres frees it when we die."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_ours = bool(connection.scalar(select(func.pg_try_advisory_lock(key))))
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.execute(select(func.pg_advisory_unlock(key)))


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end of the block, or rolls back when it raises."""
    with Session(engine(), expire_on_commit=False) as session:
        with session.begin():
            yield session
        for act in session.info.pop(_AFTER, ()):
            act()


def be_patient(session: Session, idle_s: int) -> None:
    """Let this transaction wait for something else than Postgres for so long."""
    session.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {idle_s * 1000:d}"))


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Do something small once the transaction is committed; not at all where it is not."""
    session.info.setdefault(_AFTER, []).append(act)
