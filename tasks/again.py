"""What a short task of ours does while Postgres is away: it is sent again, a little later each time."""

from typing import Any

from app.store.session import Unreachable

WHEN_POSTGRES_IS_AWAY: dict[str, Any] = {
    "autoretry_for": Unreachable,
    "max_retries": None,
    "retry_backoff": 1,
    "retry_backoff_max": 10,
}
"""Options of tasks that may be repeated. Without it the sweep would find out, half a minute later."""
