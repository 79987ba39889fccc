"""Keeps our own processes running on one machine, as compose does elsewhere: restart, stop all."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.embedded.server import CannotStart
from app.engine import process

Begin = Callable[[Sequence[str], Mapping[str, str], Path], process.Child]
"""Starts a program: its words, its environment, the file where its output goes."""

_BACKOFF_S = (0.2, 1.0, 3.0, 10.0, 30.0)
_STEADY_S = 30
_HEALTHY_S = 5
_HOPELESS = 6
_FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP})
"""Ends that somebody else made: they say nothing about whether a process can run."""


class KeepsFailing(Exception):
    """A process has never stayed up since we began; the message has its last words."""


@dataclass(kw_only=True)
class Service:
    """One process to keep running; `argv` are words after `media-pipeline`."""

    begin: Begin
    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log_file: Path
    grace_s: float = 10
    is_essential: bool = True
    """False: the others go on without it, and it is tried again now and then."""
    child: process.Child | None = None
    started_at: float = 0
    restarts: int = 0
    """Since it last ran for a while."""
    own_ends: int = 0
    """Quick ends that nobody else made, one after the other."""
    due_at: float = 0
    has_been_healthy: bool = False
    """It can run here: whatever ends it now, it is started again for as long as we live."""

    def start(self) -> None:
        """Raises: CannotStart, OSError."""
        self.started_at = time.monotonic()
        self.child = self.begin(self.argv, self.env, self.log_file)

    @property
    def has_ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None


@dataclass(kw_only=True)
class Supervisor:
    """Starts services, restarts those that end, and stops all of them."""

    services: list[Service] = field(default_factory=list)
    report: Callable[[str], None] = lambda _: None
    patience: int = _HOPELESS
    """So many quick ends of a process that never was healthy, and `watch` raises KeepsFailing."""

    def add(self, service: Service) -> None:
        self.services.append(service)
        service.start()

    def watch(self) -> None:
        """Restart what ended; called again and again."""
        now = time.monotonic()
        for service in self.services:
            if not service.has_ended:
                continue
            assert service.child is not None
            if service.due_at == 0:
                lived_s = now - service.started_at
                service.has_been_healthy |= lived_s > _HEALTHY_S
                if lived_s > _STEADY_S:
                    service.restarts = service.own_ends = 0
                wait_s = _BACKOFF_S[min(service.restarts, len(_BACKOFF_S) - 1)]
                service.restarts += 1
                service.own_ends += service.child.returncode not in _FROM_OUTSIDE
                is_hopeless = service.own_ends >= self.patience and not service.has_been_healthy
                if is_hopeless and service.is_essential:
                    tail = service.log_file.read_text(errors="replace")[-1500:]
                    raise KeepsFailing(f"{service.name} does not stay up:\n{tail}")
                service.due_at = now + wait_s
                code = service.child.returncode
                if service.is_essential or service.restarts == 1:
                    self.report(
                        f"{service.name} ended ({code}), starts again in {wait_s:g} s; see {service.log_file}"
                    )
            elif now >= service.due_at:
                process.end(service.child, grace_s=0)  # what it left behind in its group
                service.due_at = 0
                try:
                    service.start()
                except (CannotStart, OSError) as error:  # of a full machine; it is tried again
                    self.report(f"{service.name} cannot be started: {error}")

    @property
    def unsteady(self) -> list[str]:
        """What has ended lately, or is not back yet."""
        now = time.monotonic()
        return [
            service.name
            for service in self.services
            if service.due_at or (service.restarts and now - service.started_at < _STEADY_S)
        ]

    def stop(self) -> None:
        """Tell all to end at once, then wait until the last may take no longer; nothing stays behind."""
        begun = time.monotonic()
        for service in self.services:
            if service.child is not None and not service.has_ended:
                service.child.terminate()
        for service in self.services:
            if service.child is not None:
                left_s = begun + service.grace_s - time.monotonic()
                with suppress(subprocess.TimeoutExpired):
                    service.child.wait(timeout=max(0.0, left_s))
                process.end(service.child, grace_s=0 if left_s <= 0 else 1)
        self.services.clear()
