"""How slow this machine is while the tests run, and waits that allow for it.

Measured once per run, before the first test: the wall time of a short fixed encode and of a process
start, against those of an idle machine of two cores. All waits and timeouts of tests, and the leases of
the services that they start, are multiplied by it; nothing else knows how fast a machine is.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

_VARIABLE = "MEDIA_PIPELINE_TEST_PACE"
_REFERENCE_S = {"encode": 0.45, "start": 0.19}
"""What an idle machine of two cores takes."""
_ROUNDS = 3
_FIRST_POLL_S, _LAST_POLL_S = 0.01, 0.1

T = TypeVar("T")


def measure(ffmpeg: str) -> float:
    """How many times longer than an idle reference machine this one takes now, at least 1."""
    picture = "testsrc2=size=640x360:rate=30:duration=3"
    encode = [ffmpeg, "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture]
    encode += ["-c:v", "libx264", "-preset", "veryfast", "-f", "null", "-"]
    start = [sys.executable, "-c", "import json, http.client, sqlalchemy"]

    ratios = [
        statistics.median(_time(command) for _ in range(_ROUNDS)) / _REFERENCE_S[name]
        for name, command in (("encode", encode), ("start", start))
    ]
    return max(1.0, *ratios)


def share(factor: float) -> None:
    """Let this process and those that it starts use the factor."""
    os.environ[_VARIABLE] = f"{factor:.2f}"


def is_shared() -> bool:
    return _VARIABLE in os.environ


def factor() -> float:
    return float(os.environ.get(_VARIABLE, "1"))


def scaled(seconds: float) -> float:
    """What `seconds` of the reference machine are here."""
    return seconds * factor()


def until(
    what: str,
    ask: Callable[[], T],
    seconds: float = 30,
    show: Callable[[], object] = lambda: "",
    poll_s: float = _LAST_POLL_S,
) -> T:
    """The first true answer, asked for again and again, ever less often.

    `seconds`: of the reference machine. `show`: what to print where the time is over. `poll_s`: the
    longest pause between two questions.
    Raises: AssertionError that says what was waited for, for how long, and what there was instead.
    """
    deadline, pause_s = time.monotonic() + scaled(seconds), min(_FIRST_POLL_S, poll_s)
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"{what}: not within {scaled(seconds):.0f} s ({seconds:g} s × {factor():.2f});"
                f" the last answer was {answer!r}\n{show()}"
            )
        time.sleep(pause_s)
        pause_s = min(poll_s, pause_s * 1.3)
    return answer


def _time(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return time.perf_counter() - began
