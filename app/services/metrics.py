"""Prometheus metrics: what Postgres and Redis know, asked when somebody looks."""

from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app import log
from app.queue import breaker
from app.store import gauges
from app.store.session import transaction

CONTENT_TYPE = CONTENT_TYPE_LATEST
_STATES = ("closed", "open", "half_open")


def render() -> bytes:
    """All metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges())
    return generate_latest(registry)


class _Gauges(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        for family in _FAMILIES:
            yield from family()


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"media_pipeline_{name}", text, labels=labels)


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
    try:
        found = [host.state for host in breaker.states()]
    except RedisError as error:
        log.get(__name__).warning("breakers are not known, Redis is away", error=str(error))
        return
    for state in _STATES:
        breakers.add_metric([state], found.count(state))
    yield breakers


_FAMILIES: tuple[Callable[[], Iterator[GaugeMetricFamily]], ...] = (_of_postgres, _of_redis)
