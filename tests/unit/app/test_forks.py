"""Programs are forked from a process that has loaded them, and end as those do that are started anew."""

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from app import settings
from app.cli import servers
from app.embedded.forks import Forked, Forks, is_forked
from app.engine import process
from tests.helpers.pace import scaled, until
from tests.helpers.service import is_alive, stat


def program(argv: Sequence[str]) -> None:
    """What is forked here: does what its first word says."""
    print(json.dumps({"argv": list(argv), "env": dict(os.environ), "forked": is_forked()}))
    sys.stdout.flush()
    match argv[0]:
        case "fails":
            raise ValueError("no")
        case "leaves":
            atexit.register(print, "at its exit")
            sys.exit(7)
        case "stays":
            time.sleep(600)
        case "drains":
            signal.signal(
                signal.SIGTERM, lambda *_: (time.sleep(1.5), print("drained"), sys.exit(3))
            )
            time.sleep(600)
        case "becomes":
            settings.current()
            servers._become("tests.unit.app.shows_settings", WORKER_SHARE="7")


FORKS = Forks(module="tests.unit.app.test_forks", program=program)


def begin(tmp_path: Path, *argv: str, **env: str) -> tuple[Forked, Path]:
    log = tmp_path / "log"
    return FORKS.begin(argv, env, log), log


def said(log: Path) -> bool:
    return bool(log.exists() and log.read_text().endswith("\n"))


@pytest.mark.parametrize(("word", "code"), [("ends", 0), ("leaves", 7), ("fails", 1)])
def test_a_program_has_its_words_and_environment_and_an_exit_code(
    tmp_path: Path, word: str, code: int
) -> None:
    child, log = begin(tmp_path, word, "--with", "words", LEASE_S="3")
    assert child.wait(timeout=scaled(20)) == code == child.returncode
    shown = json.loads(log.read_text().partition("\n")[0])
    assert shown["argv"] == [word, "--with", "words"]
    assert shown["env"] == {"LEASE_S": "3"}  # nothing of ours
    assert (shown["forked"], is_forked()) == (True, False)
    assert ("ValueError: no" in log.read_text()) == (word == "fails")
    assert ("at its exit" in log.read_text()) == (word == "leaves")


def test_a_program_that_becomes_another_has_the_settings_that_it_gave_itself(
    tmp_path: Path,
) -> None:
    """It may have read its settings before, as a fresh program would do again."""
    child, log = begin(tmp_path, "becomes", PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    assert child.wait(timeout=scaled(20)) == 0, log.read_text()
    assert log.read_text().splitlines()[-1] == "7"


def test_it_leads_a_session_ends_when_told_and_leaves_nothing(tmp_path: Path) -> None:
    child, log = begin(tmp_path, "stays")
    until("it runs", lambda: said(log), 20)
    assert os.getsid(child.pid) == child.pid
    assert Path(f"/proc/{child.pid}/cmdline").read_bytes().startswith(b"media-pipeline stays")
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(timeout=0.01)
    process.end(child, grace_s=scaled(5))
    assert child.returncode == -signal.SIGTERM
    assert not is_alive(child.pid)


def test_it_can_be_told_to_end_at_once(tmp_path: Path) -> None:
    for _ in range(10):
        child, _ = begin(tmp_path, "stays")
        child.terminate()
        assert child.wait(timeout=scaled(20)) == -signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_group_of_whoever_started_it_are_not_the_loaders(
    tmp_path: Path, number: signal.Signals
) -> None:
    child, log = begin(tmp_path, "stays")
    until("it runs", lambda: said(log), 20)
    loader = int(stat(child.pid)[1])
    os.kill(loader, number)
    other, _ = begin(tmp_path, "stays")
    assert int(stat(other.pid)[1]) == loader
    assert child.poll() is other.poll() is None
    for one in (child, other):
        process.end(one, grace_s=scaled(5))


def test_killed_loaders_take_their_programs_with_them_and_the_next_program_gets_a_new_one(
    tmp_path: Path,
) -> None:
    """They are told to end and have their time for it: nobody may think before that they have ended."""
    child, log = begin(tmp_path, "drains")
    until("it runs", lambda: said(log), 20)
    os.kill(int(stat(child.pid)[1]), signal.SIGKILL)
    until("it has ended", lambda: child.poll() is not None, 20)
    assert not is_alive(child.pid)
    assert log.read_text().endswith("drained\n")
    other, _ = begin(tmp_path, "ends")
    assert other.wait(timeout=scaled(20)) == 0


_STARTS = """
import sys, time
from pathlib import Path
from app.embedded.forks import Forks
from tests.unit.app.test_forks import program
forks = Forks(module="tests.unit.app.test_forks", program=program)
forks.prepare()
child = forks.begin(("stays",), {}, Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_whoever_started_it(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTS, str(tmp_path / "log")], stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    until("it runs", lambda: said(tmp_path / "log"), 20)
    loader = int(stat(pid)[1])
    assert loader != starter.pid
    starter.kill()
    starter.wait()
    starter.stdout.close()
    until("both have ended", lambda: not is_alive(pid) and not is_alive(loader), 20)


def test_what_is_loaded_for_all_has_read_no_settings_and_begun_nothing() -> None:
    """Or the copies would have the settings of whoever started them, and connections in common."""
    shown = subprocess.run(
        [sys.executable, "-c", _LOADED], capture_output=True, check=True, text=True,
        env={**os.environ, "LEASE_S": "not a number"},
    )  # fmt: skip
    assert shown.stdout.split() == ["0", "False", "False", "1", "0"], shown.stderr


_LOADED = """
import os, sys, threading
import app.cli.loaded
from app import settings
from app.queue.celery import celery
links = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")]
sockets = [link for link in links if link.startswith("socket:")]
print(settings.current.cache_info().misses, celery.configured, "celeryconfig" in sys.modules,
      threading.active_count(), len(sockets))
"""
