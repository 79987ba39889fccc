"""Work folders: `WORK_DIR/<job>/<step>/<attempt>/`, private, removed as a whole."""

import os
import secrets
import shutil
import time
from contextlib import suppress

FONTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fonts")
"""The bundled fonts."""
PROBE = "probe-"
"""How folders begin in which remote files are probed."""
_PROBE_S = 3600
_PLACE = ".place"  # in WORK_DIR: which one it is


def attempt_dir(work_dir: str, job_id: str, step_id: str, attempt: int) -> str:
    """The folder of one attempt, made empty."""
    path = path_of(work_dir, job_id, step_id, attempt)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path, mode=0o700)
    return path


def path_of(work_dir: str, job_id: str, step_id: str, attempt: int) -> str:
    return os.path.join(os.path.abspath(work_dir), job_id, step_id, str(attempt))


def remove_attempt(work_dir: str, job_id: str, step_id: str, attempt: int) -> None:
    shutil.rmtree(path_of(work_dir, job_id, step_id, attempt), ignore_errors=True)


def remove_job(work_dir: str, job_id: str) -> None:
    """Everything that a job left in the work folder."""
    shutil.rmtree(os.path.join(os.path.abspath(work_dir), job_id), ignore_errors=True)


def set_aside(work_dir: str, job_id: str) -> str:
    """Move a job's folder out of the way at once; removing it may take a while."""
    path = os.path.join(os.path.abspath(work_dir), job_id)
    aside = os.path.join(os.path.dirname(path), f"gone-{job_id}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        pass
    return aside


def remove(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)


def remove_aside(work_dir: str) -> None:
    """Remove what was set aside by somebody who died before it was gone, and probes of such."""
    for name in os.listdir(work_dir) if os.path.isdir(work_dir) else ():
        path = os.path.join(work_dir, name)
        if name.startswith("gone-") or (name.startswith(PROBE) and _is_old(path)):
            remove(path)


def _is_old(path: str) -> bool:
    try:
        inside = [os.stat(path).st_mtime, *(entry.stat().st_mtime for entry in os.scandir(path))]
        return time.time() - max(inside) > _PROBE_S
    except FileNotFoundError:
        return False


def job_dir_prefix(work_dir: str) -> bytes:
    """What the paths of all jobs' work folders begin with."""
    return os.fsencode(os.path.join(os.path.abspath(work_dir), "job_"))


def jobs_with_files(work_dir: str) -> list[str]:
    """The ids of the jobs that have work files."""
    try:
        return sorted(name for name in os.listdir(work_dir) if name.startswith("job_"))
    except FileNotFoundError:
        return []


def fingerprint(work_dir: str) -> str:
    """The same on all machines that share the folder, different elsewhere: a random text in it.

    Neither device nor inode would do: a network disk has another device number on each machine,
    and disks that were cloned have the same.
    """
    os.makedirs(work_dir, mode=0o700, exist_ok=True)
    path = os.path.join(work_dir, _PLACE)
    with suppress(FileExistsError):
        # a link that leads nowhere: made with its text in one step, whoever else is at it
        os.symlink(secrets.token_hex(8), path)
    return os.readlink(path)
