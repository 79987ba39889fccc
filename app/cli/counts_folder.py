"""Where a process and those that it forks count for Prometheus; `app.metrics` reads it."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

_OF_PROCESS = "media-pipeline-metrics-"


def own_folder() -> str:
    """A new folder for this process and those it forks; folders of dead processes go."""
    parent = Path("/dev/shm") if os.path.isdir("/dev/shm") else Path(tempfile.gettempdir())
    for left in parent.glob(f"{_OF_PROCESS}*"):
        pid = left.name.removeprefix(_OF_PROCESS).partition("-")[0]
        if pid.isdigit() and not os.path.isdir(f"/proc/{pid}"):
            shutil.rmtree(left, ignore_errors=True)
    folder = parent / f"{_OF_PROCESS}{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return str(folder)
