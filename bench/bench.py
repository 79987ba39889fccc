"""What rows are measured with: media rendered once, a service as users run it, commands as users type them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.engine import workspace
from app.engine.tools import Tools
from app.settings import Settings
from operators.reading import declared
from tests.helpers.media import Media
from tests.helpers.service import Service, fast, running_service

GOOD_SOUND = ("-g", "60", "-c:a", "aac", "-b:a", "128k")
_TYPED = Path(__file__).parent / "typed"


def _written(default: object) -> str:
    """As it is written in an environment."""
    return str(default).lower() if isinstance(default, bool) else str(default)


# tests run on rules that are faster than the defaults; users do not
DEFAULTS = {
    name: _written(declared(Settings)[name.lower()].default)
    for name in fast()
    if not name.startswith(("RATE_LIMIT", "DRAIN"))
}
RAISED = {"LIMIT_CONCURRENT_JOBS": "1000", "LIMIT_QUEUED_JOBS": "100000"}


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One run on one machine; everything is in `folder` and goes with it."""

    folder: Path
    binaries: Tools

    @property
    def media(self) -> Media:
        return Media(binaries=self.binaries, folder=self.folder)

    @contextmanager
    def service(self, workers: int = 1, **env: str) -> Iterator[Service]:
        """`media-pipeline up` with its defaults, but for limits and rates. It may read `folder`."""
        data = self.folder / "service"
        roots = {"MEDIA_ROOTS": str(self.folder), "LOG_LEVEL": "warning"}
        try:
            with running_service(
                data, "--workers", str(workers), **{**DEFAULTS, **RAISED, **roots, **env}
            ) as service:
                yield service
        finally:
            shutil.rmtree(data, ignore_errors=True)

    def film(self) -> Path:
        """A minute of 720p with sound."""
        return self.media.clip("film.mp4", seconds=60, size="1280x720", extra=GOOD_SOUND)

    def typed(self, name: str) -> Path:
        """Run the commands that somebody typed; the folder with what they wrote.

        Raises: subprocess.CalledProcessError.
        """
        out = self.empty("typed")
        env = {
            "PATH": f"{self.empty('bin')}:{os.environ['PATH']}", "media": str(self.folder),
            "out": str(out), "fonts": workspace.FONTS,
        }  # fmt: skip
        (self.folder / "bin" / "ffmpeg").symlink_to(self.binaries.ffmpeg)
        subprocess.run(
            ["sh", "-eu", str(_TYPED / f"{name}.sh")], env=env, stdin=subprocess.DEVNULL, capture_output=True,
            check=True,
        )  # fmt: skip
        return out

    def empty(self, name: str) -> Path:
        """A folder with nothing in it."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder


def quick(path: Path) -> dict[str, Any]:
    """An output of H.264 as the typed commands encode it."""
    return {
        "destination": f"file://{path}", "codec": {"video": {"codec": "h264", "preset": "veryfast"}}
    }  # fmt: skip


def run(service: Service, *specs: dict[str, Any], seconds: float = 600) -> list[dict[str, Any]]:
    """Submit jobs and ask for them until they have ended, as a backend would; the jobs."""
    ids = [service.submit(spec)["job_id"] for spec in specs]
    poll_s = 0.2 if len(ids) == 1 else 0.5  # asking takes CPU that FFmpeg could have
    jobs = [service.wait(job_id, seconds=seconds, poll_s=poll_s) for job_id in ids]
    failed = [job["error"] for job in jobs if job["status"] != "completed"]
    assert not failed, failed[0]
    return jobs
