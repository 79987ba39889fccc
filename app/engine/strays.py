"""End what outlived its worker: processes that FFmpeg, or a wrapper in its place, has left behind.

The kernel ends the process that a killed worker has started (PDEATHSIG), but not that one's own
children. Each run is a session of its own whose HOME is the attempt's work folder; where the
session's leader is gone, nobody waits for the rest of it.
"""

import os
import signal
from collections.abc import Iterator

from app.engine.family import stat
from app.engine.workspace import job_dir_prefix


def end_strays(work_dir: str) -> int:
    """Kill every stray that works below a work folder; how many processes that were."""
    found = list(_strays(job_dir_prefix(work_dir)))
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    return len(found)


def _strays(prefix: bytes) -> Iterator[int]:
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit() and b"HOME=" + prefix in _environment(name):
            session = stat(int(name))[3:4]
            if session and not os.path.exists(f"/proc/{int(session[0])}"):
                yield int(name)


def _environment(pid: str) -> bytes:
    """Of a process; empty where it is gone or somebody else's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as opened:
            return opened.read()
    except OSError:
        return b""
