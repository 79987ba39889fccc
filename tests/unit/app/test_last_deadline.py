"""A process that cannot end by itself is ended, with what it started."""

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.pace import scaled, until
from tests.helpers.service import processes_naming

_STUCK = """
import signal, subprocess, sys, threading
from app.engine.last_deadline import LastDeadline
guard = LastDeadline(0.2, int(sys.argv[2]))
guard.start()
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)", sys.argv[1]])
signal.signal(signal.SIGTERM, lambda *_: guard.begin())
print("stuck", flush=True)
lock = threading.Lock()
lock.acquire()
while True:
    lock.acquire()
"""
_PARENT = """
import os, subprocess, sys
words = [sys.executable, "-c", sys.argv[2], sys.argv[1], str(os.getpid())]
child = subprocess.Popen(words, stdout=subprocess.PIPE)
child.stdout.readline()
os._exit(0)
"""


def test_who_was_told_to_end_and_cannot_is_ended(tmp_path: Path) -> None:
    mark = str(tmp_path / "told")
    words = [sys.executable, "-c", _STUCK, mark, str(os.getpid())]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"stuck\n"
        child.terminate()
        _, said = child.communicate(timeout=scaled(10))
    assert child.returncode == 70
    assert b"ended" in said
    until("nothing is left", lambda: not processes_naming(mark), 5)


def test_who_has_lost_its_parent_ends(tmp_path: Path) -> None:
    mark = str(tmp_path / "orphan")
    done = subprocess.run(
        [sys.executable, "-c", _PARENT, mark, _STUCK], check=True, timeout=scaled(20)
    )
    assert done.returncode == 0
    until("nothing is left", lambda: not processes_naming(mark), 15)
