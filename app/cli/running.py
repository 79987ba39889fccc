"""The service that `up` runs, as another terminal finds it: a file in its data folder."""

import json
import os
from contextlib import suppress
from pathlib import Path

import click

FOLDER = "media-pipeline-data"
"""The data folder of `up`, unless it is told another."""
_NAME = "service.json"
_TOLD = (
    "DATABASE_URL", "REDIS_URL", "WORK_DIR", "MEDIA_ROOTS", "AUTH_MODE", "ALLOW_PRIVATE_NETWORKS",
    "UNSTEADY_FILE",
)  # fmt: skip
_NAMED = ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE")


def tell(folder: Path) -> None:
    """Say where the service of this process is; for its user's eyes alone, as it has a password."""
    known = {
        "pid": os.getpid(),
        "env": {n: os.environ[n] for n in _TOLD if n in os.environ},
    }
    fresh = folder / f"{_NAME}.new"
    with suppress(FileNotFoundError):
        fresh.unlink()
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(known, file)
    fresh.replace(folder / _NAME)


def forget(folder: Path) -> None:
    (folder / _NAME).unlink(missing_ok=True)


def adopt(folder: Path | None) -> None:
    """Let this process look at the service that runs in a folder, or in the usual one below here, unless
    the environment names servers itself. Raises: click.UsageError where a folder is named in vain."""
    if folder is None and any(os.environ.get(name) for name in _NAMED):
        return
    known = _known(folder or Path(FOLDER))
    if known is None and folder is not None:
        raise click.UsageError(f"no media-pipeline up of yours runs in {folder}")
    os.environ.update(known or {})


def _known(folder: Path) -> dict[str, str] | None:
    """The variables of a live service of this user's; nobody else's file is believed."""
    try:
        with (folder / _NAME).open() as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            found = json.load(file)
        pid, told = found["pid"], found["env"]
        if not isinstance(pid, int) or pid < 1:
            return None
        os.kill(pid, 0)
        return {name: str(told[name]) for name in _TOLD if isinstance(told.get(name), str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
