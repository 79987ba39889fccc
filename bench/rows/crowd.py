"""Row 11: claiming a step, reading a job and listing jobs, as the table grows to a million jobs."""

import json
from collections.abc import Iterator

from sqlalchemy import text

from app.services import job_read
from app.services.job_read import Filter
from app.store.session import engine
from bench.bench import Bench
from bench.figure import Figure, median_ms
from tests.helpers import rows
from tests.helpers.servers import own_servers
from tests.helpers.service import fast

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_TIMES = 40
_MOST = 1.5
_TENANT = "default"
_JOBS = """
INSERT INTO jobs (job_id, tenant_id, status, priority, spec, tags, outputs, timeout_ms, created_at)
SELECT 'job_' || md5(n::text), :tenant, CASE WHEN n % 1000 = 7 THEN 'failed' ELSE 'completed' END, 5,
       cast(:spec as json), jsonb_build_object('customer', (n % 100)::text), '[]'::jsonb, 1000,
       clock_timestamp() - n * interval '1 second'
FROM generate_series(:first, :last) AS n
"""
_STEPS = """
INSERT INTO steps (job_id, step_id, position, kind, stage, status, nodes, depends_on, deps_left, weight)
SELECT 'job_' || md5(n::text), 's1', 0, 'ffmpeg', 0, 'completed', '[]'::jsonb, '[]'::jsonb, 0, 1
FROM generate_series(:first, :last) AS n
"""
_SPEC = json.dumps({"inputs": [{"id": "src", "source": "file:///media/in.mp4"}], "outputs": []})


def measure(_: Bench) -> Iterator[Figure]:
    curves: dict[str, list[list[float]]] = {"claim": [], "get": [], "list": []}
    there = 0
    with own_servers(**fast()):
        for size in _SIZES:
            _fill(there + 1, size)
            there = size
            for name, ms in _costs().items():
                curves[name].append([size, ms])
    for name, curve in curves.items():
        few, many = curve[0][1], curve[-1][1]
        yield Figure(
            name=f"{name} among a million jobs, against a thousand", value=many / few, limit=_MOST, unit="×",
            shown=f"{few:.1f} ms, then {many:.1f} ms", data={"curve_ms": curve},
        )  # fmt: skip


def _fill(first: int, last: int) -> None:
    """Put ended jobs there, a second apart, each with its step."""
    given = {"first": first, "last": last}
    with engine().begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(_JOBS), {**given, "tenant": _TENANT, "spec": _SPEC})
        connection.execute(text(_STEPS), given)
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE jobs, steps"))


def _costs() -> dict[str, float]:
    """Milliseconds of each, by its name."""
    fresh = []
    for _ in range(_TIMES):
        fresh.append(rows.add_processing_job(s1=""))
        rows.queue_all(fresh[-1])
    left = iter(fresh)
    return {
        "claim": median_ms(lambda: rows.claim(next(left), "s1"), _TIMES),
        "get": median_ms(lambda: job_read.get(fresh[0], _TENANT), _TIMES),
        "list": median_ms(lambda: job_read.page(_TENANT, Filter(), None, 20), _TIMES),
    }
