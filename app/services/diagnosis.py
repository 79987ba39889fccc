"""What may be wrong with a machine and its servers: a line for each, `!` in front where it is.

A line that tells of a fault says what to do about it.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import text

from app import settings
from app.engine import needs, process, tools, workspace
from app.engine.storage import s3
from app.engine.workspace import FONTS
from app.queue import breaker, locks
from app.services import health
from app.store import migrate
from app.store.session import transaction

_LEAST_POSTGRES, _LEAST_REDIS = 13, 6
_CLOCK_S = 1.0
_LEAST_FREE_GIB = 1


def look(checks: Mapping[str, Callable[[], str]]) -> dict[str, str]:
    """A line for each check."""
    return {name: _look(check) for name, check in checks.items()}


def _look(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        return "!" + str(error).strip().partition("\n")[0]


def _ffmpeg() -> str:
    found = tools.find(settings.current())
    where = f"{found.version} at {found.ffmpeg}"
    lacking = needs.lacks_filters(found)
    if lacking:
        return f"!{where} lacks the filters {', '.join(lacking)}: install a full build"
    missing = needs.lacks_encoders(found)
    return f"{where}, without the encoders {', '.join(missing)}" if missing else where


def _ffprobe() -> str:
    return tools.find(settings.current()).ffprobe


def _fonts() -> str:
    found = [name for name in os.listdir(FONTS) if name.endswith((".ttf", ".ttc"))]
    return f"{len(found)} bundled" if found else "!the bundled fonts are gone: install again"


def _work_dir() -> str:
    path = settings.current().work_dir
    workspace.fingerprint(path)
    free = shutil.disk_usage(path).free >> 30
    if free < _LEAST_FREE_GIB:
        return f"!{path} has less than {_LEAST_FREE_GIB} GiB free: make room, or set WORK_DIR"
    return f"{path}, {free} GiB free"


def _process_guard() -> str:
    if process.dies_with_parent("KILL"):
        return "FFmpeg dies with its worker (setpriv)"
    return "!setpriv is missing: FFmpeg may outlive a killed worker; install util-linux"


def _sandbox() -> str:
    found = process.walls()
    mend = "; run on Linux ≥ 5.13 with util-linux, and let containers use Landlock"
    return found.shown if found.is_whole else f"!{found.shown}{mend}"


def _postgres() -> str:
    with transaction() as session:
        number = int(session.scalar(text("SHOW server_version_num"))) // 10_000
    behind = migrate.pending()
    if number < _LEAST_POSTGRES:
        return f"!PostgreSQL {number} is too old: use {_LEAST_POSTGRES} or newer"
    if behind:
        return f"!{behind} migrations are missing: run media-pipeline db upgrade"
    return f"PostgreSQL {number}, schema is up to date"


def _redis() -> str:
    client = locks.connect()
    try:
        info = client.info()
        policy = info.get("maxmemory_policy", "unknown")
        version = str(info["redis_version"])
    finally:
        client.close()
    if int(version.partition(".")[0]) < _LEAST_REDIS:
        return f"!{version} is too old: use {_LEAST_REDIS}.2 or newer"
    if policy not in ("noeviction", "unknown"):
        return f"!evicts messages ({policy}): set maxmemory-policy noeviction"
    if info.get("aof_enabled") or info.get("rdb_saves"):
        return f"{version}, {policy}, messages outlive a restart"
    return f"{version}, {policy}; after a restart the sweep sends again what waited"


def _clock() -> str:
    """Leases and schedules are kept by the clock of Postgres; logs and tokens by ours."""
    before = datetime.now(UTC)
    with transaction() as session:
        theirs: datetime = session.scalar(text("SELECT clock_timestamp()"))
    after = datetime.now(UTC)
    off_s = max((before - theirs).total_seconds(), (theirs - after).total_seconds(), 0)
    if off_s > _CLOCK_S:
        return f"!{off_s:.1f} s away from the clock of Postgres: run a time service (NTP) on both"
    return "agrees with Postgres"


def _storage() -> str:
    now = settings.current()
    roots = [root for root in now.media_roots.split(":") if root and "{tenant}" not in root]
    for root in roots:
        if not os.path.isdir(root):
            return f"!{root} of MEDIA_ROOTS is not there: make it, or mount it"
        if not os.access(root, os.W_OK):
            return f"!{root} of MEDIA_ROOTS cannot be written by this user: change its owner"
    buckets = {prefix.partition("/")[0] for prefix in now.prefixes("default")}
    for bucket in sorted(buckets):
        if problem := s3.bucket_problem(bucket, now.s3_endpoint_url):
            return f"!bucket {bucket}: {problem}"
    return ", ".join([*roots, *(f"s3://{bucket}" for bucket in sorted(buckets))]) or "none"


def _workers() -> str:
    problem = health.workers_problem()
    mend = ": start media-pipeline worker, and look at its log"
    return f"!{problem}{mend}" if problem else "some report"


def _remote_hosts() -> str:
    """Those whose breaker is not closed."""
    shown = [
        f"{one.host} is left alone ({one.state})"
        for one in breaker.states()
        if one.state != "closed"
    ]
    return f"!{', '.join(shown)}" if shown else "all answer"


MACHINE: Mapping[str, Callable[[], str]] = {
    "ffmpeg": _ffmpeg,
    "ffprobe": _ffprobe,
    "fonts": _fonts,
    "work dir": _work_dir,
    "process guard": _process_guard,
    "sandbox": _sandbox,
}
SERVERS: Mapping[str, Callable[[], str]] = {
    "postgres": _postgres,
    "redis": _redis,
    "clock": _clock,
    "storage": _storage,
    "workers": _workers,
    "remote hosts": _remote_hosts,
}
