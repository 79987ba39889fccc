"""Lists: `{data, has_more, next_cursor}`. A cursor is opaque; a bad one is a 422."""

import base64
import json
from typing import Any

from app.errors import field_failure
from app.services.job_read import Page
from operators.problem import Code


def show_page(page: Page) -> dict[str, Any]:
    key = page.next_key
    return {"data": page.data, "has_more": key is not None, "next_cursor": key and encode(key)}


def encode(key: tuple[Any, ...]) -> str:
    plain = [part.isoformat() if hasattr(part, "isoformat") else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: Any) -> tuple[Any, ...]:
    """The key in a cursor; `kinds` convert its parts. Raises: Failure INVALID_QUERY."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise field_failure(
            Code.INVALID_QUERY,
            "/query/cursor",
            "is not a cursor of this list",
            "Use next_cursor of the page before, unchanged.",
        ) from error
