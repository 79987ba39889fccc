"""Readiness: what the service needs, and whether it answers."""

import os
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from app import log, settings
from app.engine import tools
from app.queue import locks
from app.store import workers
from app.store.session import transaction

_NEEDED = ("postgres", "ffmpeg")


def check() -> dict[str, Any]:
    """`{"status": ok | degraded | unavailable, "checks": {...}}`; each check is ok or says what is wrong."""
    checks = {name: _guarded(name, probe) for name, probe in _CHECKS.items()}
    wrong = [name for name, verdict in checks.items() if verdict != "ok"]
    is_down = any(name in _NEEDED for name in wrong)
    return {"status": "unavailable" if is_down else "degraded" if wrong else "ok", "checks": checks}


def _guarded(name: str, probe: Callable[[], str | None]) -> str:
    try:
        return probe() or "ok"
    except Exception as error:
        log.get(__name__).warning("not ready", check=name, error=str(error))
        return "unavailable"


def _postgres() -> None:
    with transaction() as session:
        session.execute(text("SELECT 1"))


def _redis() -> None:
    client = locks.connect()
    try:
        client.ping()
    finally:
        client.close()


def _ffmpeg() -> None:
    tools.find(settings.current())


def _storage() -> str | None:
    # roots of single tenants are made when they are needed
    shared = [root for root in settings.current().media_roots.split(":") if "{tenant}" not in root]
    missing = [root for root in shared if not os.path.isdir(root)]
    return "a folder of MEDIA_ROOTS is missing" if missing else None


def workers_problem() -> str | None:
    with transaction() as session:
        count = workers.count_active(session, float(settings.current().stale_s))
    return None if count else "no worker has reported lately"


def _processes() -> str | None:
    """What whoever keeps our processes running says of them."""
    path = settings.current().unsteady_file
    if not path or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        unsteady = file.read()
    return f"started again lately: {unsteady}" if unsteady else None


_CHECKS: dict[str, Callable[[], str | None]] = {
    "postgres": _postgres,
    "redis": _redis,
    "ffmpeg": _ffmpeg,
    "storage": _storage,
    "workers": workers_problem,
    "processes": _processes,
}
