"""When to try again: exponential backoff with jitter, and what the other side asked for."""

import random

from app import settings
from app.errors import Failure

_MOST_ASKED_S = 900.0
# Celery's countdown and Postgres' clock differ a little; a message must not come too early
CLOCK_MARGIN_S = 0.5


def delay_after(failure: Failure, failures: int) -> float:
    """Seconds until the next try, after so many failures before this one."""
    now = settings.current()
    own = retry_delay(failures, float(now.retry_base_s), float(now.retry_max_s))
    # a message that waits longer than half of the visibility timeout may come twice
    most_s = min(_MOST_ASKED_S, float(now.visibility_timeout_s) / 2)
    return max(own, min(failure.retry_after or 0, most_s))


def retry_delay(failures: int, base_s: float, most_s: float) -> float:
    """`base × 2^failures` at most `most`, a tenth up or down."""
    return min(most_s, base_s * 2.0**failures) * random.uniform(0.9, 1.1)
