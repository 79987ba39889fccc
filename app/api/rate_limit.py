"""How many requests a credential may make; the answer's headers say how many are left."""

from math import ceil

from flask import Response, g, request

from app import settings
from app.errors import Failure
from app.queue import bucket
from app.services.api_keys import Caller
from operators.problem import Code


def check(caller: Caller) -> None:
    """Count the request. Raises: Failure RATE_LIMIT_EXCEEDED."""
    who, now = caller.key_id or f"tenant-{caller.tenant_id}", settings.current()
    buckets = [(who, now.rate_limit_per_minute)]
    if request.endpoint == "jobs.submit_job":
        buckets.append((f"{who}:submit", now.rate_limit_submit_per_minute))
    levels: list[bucket.Level] = []
    for name, per_minute in buckets:
        level = bucket.take(name, per_minute)
        if level is None:
            continue
        levels.append(level)
        strictest = min(levels, key=lambda one: (one.passes, one.remaining))
        g.rate_limit = _headers(strictest)
        if not level.passes:
            wait_s = ceil(level.wait_ms / 1000)
            text = f"More than {per_minute} requests a minute; try again in {wait_s} s."
            raise Failure(code=Code.RATE_LIMIT_EXCEEDED, message=text, retry_after=wait_s)


def _headers(level: bucket.Level) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(level.size),
        "RateLimit-Remaining": str(level.remaining),
        "RateLimit-Reset": str(ceil(level.full_in_ms / 1000)),
    }


def add_headers(response: Response) -> None:
    """Of the strictest bucket that the request took from."""
    response.headers.update(g.get("rate_limit", {}))
