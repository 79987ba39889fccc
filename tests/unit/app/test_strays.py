"""What a killed worker leaves behind is ended, and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from app.engine import strays, workspace
from tests.helpers.pace import until

# a worker that runs a wrapper in FFmpeg's place, which has a child of its own
_WORKER = """
import sys
from app.engine import process
process.run(["/bin/sh", "-c", "sleep 300 & echo $! > child; wait"], cwd=sys.argv[1], timeout_s=300)
"""


def begin(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, folder])
    note = Path(folder, "child")
    until("the child is noted", lambda: note.exists() and note.read_text().strip(), 20)
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
    until("a stray is found", lambda: strays.end_strays(work_dir) > 0, 10)
    until("it has ended", lambda: not is_alive(orphan), 2)
    assert is_alive(busy)
    assert strays.end_strays(work_dir) == 0
    os.kill(busy, signal.SIGKILL)
    alive.kill()
    alive.wait()
