"""Signals that end us raise KeyboardInterrupt, so that every `finally` runs and nothing stays behind."""

import signal
from types import FrameType
from typing import NoReturn


def end_on_signals() -> None:
    def end(number: int, _: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
