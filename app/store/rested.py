"""Connections that rested are tried before a query is sent over them, so that a server that was restarted
meanwhile is noticed. One that was used just now is not tried: that would be a query more a transaction.
"""

import math
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

_RESTED_S = 1
_SINCE = "rests_since"


def watch(engine: Engine) -> None:
    """Try connections of this engine when they have rested for a second."""
    dialect = engine.dialect

    @event.listens_for(engine, "checkin")
    def note(_: Any, record: ConnectionPoolEntry) -> None:
        record.info[_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def attempt(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        if time.monotonic() - record.info.get(_SINCE, math.inf) < _RESTED_S:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
