"""Disks that fill up, and how soon a dead worker is missed."""

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import Service, running_service
from tests.helpers.specs import endless, job, op

pytestmark = pytest.mark.stack


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB, where this machine lets us make one."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no file systems can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_fails_a_step_with_its_code_and_recovers(
    tmp_path: Path, tiny_disk: Path, media: Media
) -> None:
    with running_service(tmp_path / "data", WORK_DIR=str(tiny_disk), MAX_FAILURES="8") as service:
        source = service.media / "clip.mp4"
        source.write_bytes(media.clip().read_bytes())
        hog = tiny_disk / "hog"
        hog.write_bytes(bytes(5_900_000))
        spec = job(source, op("scale", "src", "s", width=640), s=service.media / "o.mp4")
        job_id = service.submit(spec)["job_id"]
        code = _first_error(service, job_id)
        hog.unlink()
        done = service.wait(job_id)
        assert (code, done["status"]) == ("INSUFFICIENT_DISK_SPACE", "completed"), done["error"]
        assert service.work_files() == []


def _first_error(service: Service, job_id: str) -> str:
    """The code of the first attempt that failed."""

    def errors() -> list[dict[str, str]]:
        steps = service.get(f"/v1/jobs/{job_id}/steps")["data"]
        return [a["error"] for step in steps for a in step["attempts"] if a["error"]]

    found = until("an attempt has failed", errors, 30, lambda: service.story(job_id))
    return found[0]["code"]


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_dead_worker_is_missed_within_45_seconds_by_default(tmp_path: Path, media: Media) -> None:
    """Default settings; three times the main process of a worker is killed. Prints the times."""
    defaults = {"LEASE_S": "30", "HEARTBEAT_S": "10", "STALE_S": "30", "SWEEP_S": "30"}
    times = []
    with running_service(
        tmp_path / "data", "--workers", "2", RETRY_BASE_S="10", **defaults
    ) as service:
        source = service.place(media.clip("long.mp4", seconds=10))
        for number in range(3):
            spec = endless(source, service.media / f"{number}.mp4")
            job_id = service.submit(spec)["job_id"]
            service.wait_running(job_id, seconds=60)
            (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
            name = step["attempts"][-1]["worker"].partition("@")[0]
            for pid in service.pids("celery", f"{name}@"):
                if pid not in service.pool_pids(job_id):
                    os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()

            def is_taken_over(job_id: str = job_id) -> bool:
                (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
                return len(step["attempts"]) > 1

            until("another worker takes the step", is_taken_over, 120, service.logs)
            times.append(time.monotonic() - killed)
            service.client.delete(f"/v1/jobs/{job_id}")
    print(f"recovered after {', '.join(f'{t:.1f} s' for t in sorted(times))}")
    assert statistics.median(times) <= scaled(45)
