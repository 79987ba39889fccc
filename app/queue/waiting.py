"""Jobs that wait to be admitted: a sorted set a tenant in Redis, rebuilt from Postgres when lost.

Score: `submitted_ms - priority × 600000`, lowest first: ten minutes of waiting are worth one
priority. Tenants are served in turn. Nothing here is the truth: a job that is missing is put back by
the sweep, one that is too much is found out when it is to be admitted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from app import log
from app.queue.client import redis

_PREFIX = "media_pipeline:queue"
_TURNS = f"{_PREFIX}:turns"
"""Tenants by the number of the turn in which they were served last."""
_TURN = f"{_PREFIX}:turn"
_PRIORITY_MS = 600_000
_CHUNK = 1000


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A job that waits, and since when (ms since 1970)."""

    tenant_id: str
    job_id: str
    priority: int
    queued_ms: int

    @property
    def score(self) -> int:
        return self.queued_ms - self.priority * _PRIORITY_MS


def _key(tenant_id: str) -> str:
    return f"{_PREFIX}:of:{tenant_id}"


def put(job: Waiting) -> bool:
    """Let a job wait, or change its place. False when Redis is away: the sweep puts it there."""
    try:
        fill([job])
    except RedisError as error:
        log.get(__name__).warning("not put into the queue, the sweep will", error=str(error))
        return False
    return True


def fill(jobs: Iterable[Waiting]) -> None:
    """Let many jobs wait. Raises: RedisError."""
    batch = list(jobs)
    for start in range(0, len(batch), _CHUNK):
        part = batch[start : start + _CHUNK]
        with redis().pipeline(transaction=True) as pipe:
            for job in part:
                pipe.zadd(_key(job.tenant_id), {job.job_id: job.score})
            # a tenant that is new, or was away, is served next; the others keep their turns
            pipe.zadd(_TURNS, dict.fromkeys({job.tenant_id for job in part}, 0), nx=True)
            pipe.execute()


def drop(tenant_id: str, *job_ids: str) -> None:
    """These do not wait any more. Redis may be away: then they are found out later."""
    try:
        if job_ids:
            redis().zrem(_key(tenant_id), *job_ids)
    except RedisError as error:
        log.get(__name__).warning("not taken out of the queue", error=str(error))


def content(tenant_id: str) -> dict[str, int]:
    """All that a tenant has waiting here, with the scores. Raises: RedisError."""
    found: Any = redis().zrange(_key(tenant_id), 0, -1, withscores=True)
    return {job_id: int(score) for job_id, score in found}


def positions(jobs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """For (tenant, job): its place among the tenant's, 1 the next; missing where not known."""
    if not jobs:
        return {}
    try:
        with redis().pipeline(transaction=False) as pipe:
            for tenant_id, job_id in jobs:
                pipe.zrank(_key(tenant_id), job_id)
            ranks = pipe.execute()
    except RedisError:
        return {}
    return {job: rank + 1 for (_, job), rank in zip(jobs, ranks, strict=True) if rank is not None}


def tenants() -> list[str]:
    """Who has jobs waiting, the one whose turn it is first. Raises: RedisError."""
    return [str(name) for name in redis().zrange(_TURNS, 0, -1)]


def heads(tenant_id: str, count: int) -> list[str]:
    """A tenant's next jobs. Raises: RedisError."""
    return [str(name) for name in redis().zrange(_key(tenant_id), 0, count - 1)]


def served(tenant_id: str) -> None:
    """A tenant's turn is over: all others come first now. Raises: RedisError."""
    redis().eval(_SERVED, 3, _TURNS, _key(tenant_id), _TURN, tenant_id)


# in one: a job that is put in between must not find its tenant listed, and then not
_SERVED = """
if redis.call('ZCARD', KEYS[2]) > 0 then
  redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[3]), ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
"""
