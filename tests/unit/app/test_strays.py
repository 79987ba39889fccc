"""What a killed worker leaves behind is ended, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from app.engine import strays, workspace

# a worker that runs a wrapper in FFmpeg's place, which has a child of its own
_WORKER = """
import sys
from app.engine import process
process.run(["/bin/sh", "-c", "sleep 300 & echo $! > child; wait"], cwd=sys.argv[1], timeout_s=300)
"""


def begin(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, folder])
    note = Path(folder, "child")
    deadline = time.monotonic() + 20
    while not (note.exists() and note.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return worker, int(note.read_text())


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_grandchildren_of_a_killed_worker_are_ended(tmp_path: Path) -> None:
    work_dir = str(tmp_path / "work")
    killed, orphan = begin(workspace.attempt_dir(work_dir, "job_1", "s1", 1))
    alive, busy = begin(workspace.attempt_dir(work_dir, "job_2", "s1", 1))
    killed.kill()
    killed.wait()
    deadline = time.monotonic() + 10
    while strays.end_strays(work_dir) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.1)
    assert not is_alive(orphan)
    assert is_alive(busy)
    assert strays.end_strays(work_dir) == 0
    os.kill(busy, signal.SIGKILL)
    alive.kill()
    alive.wait()
