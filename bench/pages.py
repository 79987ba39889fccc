"""Lists of jobs against how many there are: keyset paging must not care."""

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import text

from app.services import job_read
from app.services.job_read import Filter
from app.store.session import engine
from tests.helpers.servers import own_servers
from tests.helpers.service import FAST

_LIMIT = 100
_TIMES = 15
# one in a thousand failed, and one in a hundred has the tag
_INSERT = """
INSERT INTO jobs (job_id, tenant_id, status, priority, spec, tags, outputs, timeout_ms, created_at)
SELECT 'job_' || md5(:tenant || n), :tenant,
       CASE WHEN n % 1000 = 7 THEN 'failed' ELSE 'completed' END, 5, cast(:spec as json),
       jsonb_build_object('customer', (n % 100)::text), '[]'::jsonb, 1000,
       clock_timestamp() - n * interval '1 second'
FROM generate_series(1, :count) AS n
"""
_SPEC = json.dumps({"inputs": [{"id": "src", "source": "file:///media/in.mp4"}], "outputs": []})


def fill(tenant: str, count: int) -> None:
    """Put so many ended jobs there, a second apart."""
    with engine().begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(_INSERT), {"tenant": tenant, "count": count, "spec": _SPEC})
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE jobs"))


def _median_ms(work: Callable[[], object]) -> float:
    found = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


def measure(tenant: str) -> dict[str, float]:
    """Median milliseconds of a page of 100 jobs, by kind of list."""
    first = job_read.page(tenant, Filter(), None, _LIMIT)
    with engine().connect() as connection:
        query = text("SELECT min(created_at) + interval '200 s' FROM jobs WHERE tenant_id = :t")
        oldest = connection.scalar(query, {"t": tenant})
    assert first.next_key is not None
    lists: dict[str, tuple[Filter, tuple[datetime, str] | None]] = {
        "newest": (Filter(), None),
        "last page": (Filter(), (oldest or datetime.now(UTC), "job_")),
        "rare status": (Filter(statuses=("failed",)), None),
        "rare tag": (Filter(tags=(("customer", "42"),)), None),
        "no such tag": (Filter(tags=(("customer", "none"),)), None),
        "status and tag": (Filter(statuses=("failed",), tags=(("customer", "7"),)), None),
        "a day": (Filter(created_before=oldest), None),
    }
    return {
        name: _median_ms(lambda w=which, b=before: job_read.page(tenant, w, b, _LIMIT))  # type: ignore[misc]
        for name, (which, before) in lists.items()
    }


def compare(few: int = 1_000, many: int = 1_000_000) -> list[tuple[str, float, float]]:
    """Kind of list, milliseconds among few jobs, and among many of another tenant."""
    with own_servers(**FAST):
        fill("few", few)
        small = measure("few")
        fill("many", many)
        large = measure("many")
    return [(name, small[name], large[name]) for name in small]


if __name__ == "__main__":
    for name, small, large in compare():
        print(f"{name:<16} {small:7.1f} ms {large:7.1f} ms  x {large / small:5.1f}")
