"""The supervisor gives up only on what has never run."""

import errno
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.embedded import supervisor
from app.embedded.server import CannotStart
from app.embedded.supervisor import KeepsFailing, Service, Supervisor
from app.engine import process
from tests.helpers.pace import until


def begin(argv: Sequence[str], env: Mapping[str, str], log_file: Path) -> process.Child:
    """Python instead of one of our own commands."""
    with open(log_file, "ab") as log:
        return process.spawn([sys.executable, "-c", *argv], env=env, log=log)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(supervisor, "_BACKOFF_S", (0.0,))
    monkeypatch.setattr(supervisor, "_HEALTHY_S", 0.05)
    made = Supervisor(patience=3)
    yield made
    made.stop()


def program(watched: Supervisor, code: str, tmp_path: Path) -> Service:
    made = Service(
        begin=begin, name="it", argv=(code,), env={}, log_file=tmp_path / "log", grace_s=1
    )
    watched.add(made)
    return made


def test_what_never_stays_up_is_given_up_with_its_last_words(
    watched: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_HEALTHY_S", 60)
    program(watched, "raise SystemExit('no port')", tmp_path)

    def watch() -> bool:
        watched.watch()
        return False

    with pytest.raises(KeepsFailing, match="no port"):
        until("it is given up", watch, 20)


def test_what_has_run_is_started_again_however_often_it_is_killed(
    watched: Supervisor, tmp_path: Path
) -> None:
    service = program(watched, "import time; time.sleep(60)", tmp_path)
    for _ in range(8):
        killed = service.child
        assert killed is not None
        until(
            "it has lived a while",
            lambda: supervisor.time.monotonic() - service.started_at > 0.1,
            5,
        )
        os.kill(killed.pid, signal.SIGKILL)

        def is_back(killed: object = killed) -> bool:
            watched.watch()
            return service.child is not killed

        until("it is started again", is_back, 10)
    assert not service.has_ended


def test_who_is_killed_from_outside_is_not_given_up_however_soon(
    watched: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_HEALTHY_S", 60)
    service = program(watched, "import time; time.sleep(60)", tmp_path)
    for _ in range(3 * watched.patience):
        killed = service.child
        assert killed is not None
        os.kill(killed.pid, signal.SIGKILL)

        def is_back(killed: object = killed) -> bool:
            watched.watch()
            return service.child is not killed

        until("it is started again", is_back, 10)
    assert watched.unsteady == ["it"]


def test_the_pauses_grow(
    watched: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_BACKOFF_S", (0.0, 0.0, 5.0))
    monkeypatch.setattr(supervisor, "_HEALTHY_S", 0.0)
    service = program(watched, "raise SystemExit(1)", tmp_path)

    def waits() -> bool:
        watched.watch()
        return service.due_at > supervisor.time.monotonic() + 1

    until("it is left alone for a while", waits, 20)
    assert watched.unsteady == ["it"]


def test_what_cannot_be_started_now_is_started_later(watched: Supervisor, tmp_path: Path) -> None:
    service = program(watched, "import time; time.sleep(60)", tmp_path)
    no_room: list[Exception] = [OSError(errno.EAGAIN, "no process is left")] * 2
    refusals, told = iter([*no_room, CannotStart("no process is left")]), list[str]()
    watched.report = told.append

    def reluctant(*words: Any) -> process.Child:
        for refusal in refusals:
            raise refusal
        return begin(*words)

    service.begin = reluctant
    killed = service.child
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)

    def is_back() -> bool:
        watched.watch()
        return service.child is not killed

    until("it is started", is_back, 20)
    assert sum("no process is left" in line for line in told) == 3


def test_all_have_one_deadline_for_their_end(watched: Supervisor, tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    children = [program(watched, deaf, tmp_path).child for _ in range(4)]
    until("all are deaf", lambda: (tmp_path / "log").read_text().count("deaf") == 4, 20)
    begun = supervisor.time.monotonic()
    watched.stop()
    assert supervisor.time.monotonic() - begun < 3
    assert all(child is not None and child.poll() is not None for child in children)
