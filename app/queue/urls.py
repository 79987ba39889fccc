"""One REDIS_URL for both libraries: redis-py says `unix://`, kombu says `redis+socket://`."""

from urllib.parse import parse_qs, urlsplit


def celery_url(redis_url: str) -> str:
    """The same server for Celery: `unix:///run/r.sock?db=0` is `redis+socket:///run/r.sock?virtual_host=0`."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={database}"
