"""What happens when things die, come twice, or are not wanted any more."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import Service, freeze
from tests.helpers.specs import endless, job, op, slow

pytestmark = pytest.mark.stack("default")

FRAMES = 300
"""Of the long clip."""


def test_a_killed_pool_process_costs_nothing_but_time(
    service: Service, long_clip: Path, media: Media
) -> None:
    out = service.media / "out" / "survivor.mp4"
    job_id = service.submit(slow(long_clip, out))["job_id"]
    service.wait_running(job_id)
    (orphan,) = service.ffmpeg_pids(job_id)
    for pid in service.pool_pids(job_id):
        os.kill(pid, signal.SIGKILL)

    until("the orphan has ended", lambda: orphan not in service.ffmpeg_pids(job_id), 2)
    done = service.wait(job_id)

    assert done["status"] == "completed", done["error"]
    (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
    assert [a["status"] for a in step["attempts"]] == ["failed", "completed"]
    assert step["attempts"][0]["error"]["code"] == "WORKER_CRASHED"
    assert len(media.frame_hashes(out)) == FRAMES


def test_a_cancelled_job_stops_at_once_and_stays_cancelled(
    service: Service, long_clip: Path
) -> None:
    out = service.media / "out" / "cancelled.mp4"
    job_id = service.submit(endless(long_clip, out))["job_id"]
    service.wait_running(job_id)
    answer = service.client.delete(f"/v1/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    service.await_no_ffmpeg(job_id)
    service.await_heartbeats()
    assert service.job(job_id)["status"] == "cancelled"
    assert service.client.delete(f"/v1/jobs/{job_id}").status_code == 200
    assert not out.exists()
    assert service.work_files(job_id) == []


def test_a_worker_that_lost_its_lease_stops(service: Service, long_clip: Path) -> None:
    """The step is in other hands, as after a break in the network; two must not encode it."""
    job_id = service.submit(endless(long_clip, service.media / "out" / "lost.mp4"))["job_id"]
    service.wait_running(job_id)
    (running,) = service.ffmpeg_pids(job_id)

    taken = "UPDATE steps SET attempt = attempt + 1, worker = 'elsewhere', lease_until = now() + interval '1 hour'"
    service.execute(f"{taken} WHERE job_id = '{job_id}'")

    until("FFmpeg has ended", lambda: running not in service.ffmpeg_pids(job_id), 3, service.logs)
    service.client.delete(f"/v1/jobs/{job_id}").raise_for_status()


def test_a_finished_job_cannot_be_cancelled(service: Service, clip: Path) -> None:
    done = service.run(
        job(clip, op("trim", "src", "cut", end=1), cut=service.media / "out" / "done.mp4")
    )
    answer = service.client.delete(f"/v1/jobs/{done['job_id']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "CANNOT_CANCEL")


def test_twenty_jobs_at_once_all_complete_and_the_api_answers(service: Service, clip: Path) -> None:
    specs = [
        job(
            clip,
            op("scale", "src", "s", width=160 + 2 * n),
            s=service.media / "out" / f"many-{n}.mp4",
        )
        for n in range(20)
    ]
    ids = [service.submit(spec)["job_id"] for spec in specs]
    slowest, left = 0.0, set(ids)

    def are_all_completed() -> bool:
        nonlocal slowest
        for job_id in sorted(left):
            began = time.monotonic()
            status = service.job(job_id)["status"]
            slowest = max(slowest, time.monotonic() - began)
            assert status not in ("failed", "cancelled")
            if status == "completed":
                left.discard(job_id)
        return not left

    until("all jobs are completed", are_all_completed, 60, service.logs)
    assert slowest < scaled(5)
    sizes = [service.job(job_id)["outputs"][0]["media_info"]["video"][0]["width"] for job_id in ids]
    assert sizes == [160 + 2 * n for n in range(20)]
    assert [service.work_files(job_id) for job_id in ids] == [[]] * 20
    assert service.parts("many-") == []


def test_progress_rises_and_never_falls(service: Service, long_clip: Path) -> None:
    job_id = service.submit(slow(long_clip, service.media / "out" / "rising.mp4"))["job_id"]
    seen = []

    def is_over() -> bool:
        found = service.job(job_id)
        seen.append(found["progress"]["overall_percent"])
        return found["status"] in ("completed", "failed")

    until("the job has ended", is_over, 60, lambda: service.story(job_id))
    found = service.job(job_id)
    assert found["status"] == "completed", found["error"]
    assert seen == sorted(seen)
    assert len({percent for percent in seen if 1 < percent < 99}) >= 3


def test_a_job_that_takes_too_long_is_stopped(service: Service, long_clip: Path) -> None:
    spec = endless(long_clip, service.media / "out" / "late.mp4") | {"timeout": "2s"}
    done = service.run(spec)
    assert (done["status"], done["error"]["code"]) == ("failed", "TIMEOUT")
    service.await_no_ffmpeg(done["job_id"])


def test_a_restart_of_postgres_costs_a_step_nothing(
    service: Service, long_clip: Path, media: Media
) -> None:
    out = service.media / "out" / "restarted.mp4"
    job_id = service.submit(slow(long_clip, out))["job_id"]
    service.wait_running(job_id)
    (postmaster,) = service.pids("bin/postgres", "-D")
    os.kill(postmaster, signal.SIGINT)
    refused = service.ride_out(f"/v1/jobs/{job_id}")
    assert all(answer.status_code == 503 for answer in refused)
    assert all(answer.headers["Retry-After"] for answer in refused)
    done = service.wait(job_id)
    assert done["status"] == "completed", done["error"]
    (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
    assert len(step["attempts"]) <= 2
    assert len(media.frame_hashes(out)) == FRAMES


def test_a_restart_of_redis_loses_no_job(service: Service, clip: Path) -> None:
    (valkey,) = service.pids("valkey-server")
    os.kill(valkey, signal.SIGKILL)
    spec = job(clip, op("trim", "src", "cut", end=1), cut=service.media / "out" / "no-redis.mp4")
    began = time.monotonic()
    job_id = service.submit(spec)["job_id"]
    assert time.monotonic() - began < scaled(5)
    assert service.wait(job_id)["status"] == "completed"


def test_a_worker_told_to_end_gives_its_step_to_the_next(
    service: Service, long_clip: Path, media: Media
) -> None:
    out = service.media / "out" / "drained.mp4"
    job_id = service.submit(slow(long_clip, out))["job_id"]
    service.wait_running(job_id)
    freeze(job_id)  # or it may be done before the worker's patience is over
    for pid in service.pids("celery", "media1@"):
        if pid not in service.pool_pids(job_id):
            os.kill(pid, signal.SIGTERM)
    done = service.wait(job_id)
    assert done["status"] == "completed", done["error"]
    (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
    assert step["failures"] == 0
    assert [a["status"] for a in step["attempts"]] == ["cancelled", "completed"]
