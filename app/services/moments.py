"""Times as clients see them."""

from datetime import UTC, datetime


def moment(at: datetime | None) -> str | None:
    """RFC 3339 UTC with milliseconds."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
