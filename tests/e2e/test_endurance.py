"""Steps longer than what the broker waits, disks that fill up, and how soon a dead worker is missed."""

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.service import Service, running_service
from tests.helpers.specs import job, op, slow


def test_a_step_longer_than_the_visibility_timeout_runs_once(tmp_path: Path, media: Media) -> None:
    with running_service(
        tmp_path / "data", "--workers", "2", VISIBILITY_TIMEOUT_S="3", RETRY_MAX_S="1", LEASE_S="2"
    ) as service:
        clip = media.clip("long.mp4", seconds=30, size="640x360")
        source = service.media / "long.mp4"
        source.write_bytes(clip.read_bytes())
        job_id = service.submit(slow(source, service.media / "o.mp4", preset="veryfast"))["job_id"]
        began = time.monotonic()
        done = service.wait(job_id, seconds=300)
        assert done["status"] == "completed", done["error"]
        assert time.monotonic() - began > 6, "too quick to show anything"
        (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
        assert [attempt["status"] for attempt in step["attempts"]] == ["completed"]


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
        done = service.wait(job_id, seconds=240)
        assert (code, done["status"]) == ("INSUFFICIENT_DISK_SPACE", "completed"), done["error"]
        assert service.work_files() == []


def _first_error(service: Service, job_id: str) -> str:
    """The code of the first attempt that failed."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        steps = service.get(f"/v1/jobs/{job_id}/steps")["data"]
        errors = [a["error"] for step in steps for a in step["attempts"] if a["error"]]
        if errors:
            return str(errors[0]["code"])
        time.sleep(0.1)
    raise AssertionError("nothing failed")


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_dead_worker_is_missed_within_45_seconds_by_default(tmp_path: Path, media: Media) -> None:
    """Default settings; three times the main process of a worker is killed. Prints the times."""
    defaults = {"LEASE_S": "30", "HEARTBEAT_S": "10", "STALE_S": "30", "SWEEP_S": "30"}
    times = []
    with running_service(
        tmp_path / "data", "--workers", "2", RETRY_BASE_S="10", **defaults
    ) as service:
        source = service.media / "long.mp4"
        source.write_bytes(media.clip("long.mp4", seconds=30, size="640x360").read_bytes())
        for number in range(3):
            spec = slow(source, service.media / f"{number}.mp4", preset="medium")
            job_id = service.submit(spec)["job_id"]
            service.wait_running(job_id, seconds=90)
            (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
            name = step["attempts"][-1]["worker"].partition("@")[0]
            for pid in service.pids("celery", f"{name}@"):
                if pid not in service.pool_pids(job_id):
                    os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            while len(step["attempts"]) < 2:
                assert time.monotonic() - killed < 120
                time.sleep(0.2)
                (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
            times.append(time.monotonic() - killed)
            service.client.delete(f"/v1/jobs/{job_id}")
    print(f"recovered after {', '.join(f'{t:.1f} s' for t in sorted(times))}")
    assert statistics.median(times) <= 45
