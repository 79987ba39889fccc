"""What /metrics shows: what was counted, and what there is now, asked when somebody looks."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app import log, metrics, settings
from app.queue import breaker
from app.store import gauges
from app.store.session import Unreachable, transaction

CONTENT_TYPE = CONTENT_TYPE_LATEST
_STATES = ("closed", "open", "half_open")


def render() -> bytes:
    """All metrics of the service as text. Gauges of Postgres are missing while that is away."""
    with metrics.registry(_Gauges((_of_service, _of_machine))) as registry:
        return generate_latest(registry)


def render_worker() -> bytes:
    """Those of one worker: what it counted, and its machine."""
    with metrics.registry(_Gauges((_of_machine,))) as registry:
        return generate_latest(registry)


class _Gauges(Collector):
    def __init__(self, families: tuple[Callable[[], Iterator[GaugeMetricFamily]], ...]) -> None:
        self._families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for family in self._families:
            yield from family()


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"media_pipeline_{name}", text, labels=labels)


def _of_machine() -> Iterator[GaugeMetricFamily]:
    build = _gauge("build_info", "The version that runs", "version")
    build.add_metric([version("media-pipeline")], 1)
    yield build
    free = _gauge("work_dir_free_bytes", "Room for work files")
    try:
        free.add_metric([], shutil.disk_usage(settings.current().work_dir).free)
    except OSError:
        return  # the API of a larger installation has none
    yield free


def _of_service() -> Iterator[GaugeMetricFamily]:
    up = _gauge("dependency_up", "1 while it answers", "dependency")
    for name, family in _DEPENDENCIES.items():
        try:
            found = list(family())
        except (*Unreachable, RedisError) as error:
            log.get(__name__).warning("gauges are missing", dependency=name, error=str(error))
            up.add_metric([name], 0)
        else:
            up.add_metric([name], 1)
            yield from found
    yield up


def _of_postgres() -> Iterator[GaugeMetricFamily]:
    jobs = _gauge("jobs", "Jobs that have not ended", "status")
    steps = _gauge("steps", "Steps that are queued or run", "kind", "status")
    workers = _gauge("workers", "Workers that reported", "status")
    slots = _gauge("worker_slots", "Tasks that they run at once", "status")
    depth = _gauge("queue_depth", "Jobs that wait to be admitted")
    age = _gauge("queue_oldest_seconds", "How long the first of them has waited")
    with transaction() as session:
        for status, count in gauges.jobs(session):
            jobs.add_metric([status], count)
        for kind, status, count in gauges.steps(session):
            steps.add_metric([kind, status], count)
        for status, count, total in gauges.workers(session):
            workers.add_metric([status], count)
            slots.add_metric([status], total)
        waiting, oldest_s = gauges.waiting(session)
    depth.add_metric([], waiting)
    age.add_metric([], oldest_s)
    yield from (jobs, steps, workers, slots, depth, age)


def _of_redis() -> Iterator[GaugeMetricFamily]:
    """Hosts are not labels: users name as many as they like. The doctor names them."""
    breakers = _gauge(
        "breakers", "Remote hosts that failed lately, by what their breaker does", "state"
    )
    found = [host.state for host in breaker.states()]
    for state in _STATES:
        breakers.add_metric([state], found.count(state))
    yield breakers


_DEPENDENCIES: Mapping[str, Callable[[], Iterator[GaugeMetricFamily]]] = {
    "postgres": _of_postgres,
    "redis": _of_redis,
}
