"""Waiting, pausing, priorities and second tries, over HTTP."""

from pathlib import Path

import pytest

from tests.helpers.service import Service
from tests.helpers.specs import endless, job, op

pytestmark = pytest.mark.stack("default")


def test_a_paused_queue_lets_jobs_wait_and_says_where(service: Service, clip: Path) -> None:
    assert service.client.post("/v1/queue/pause").json()["paused"] is True
    try:
        made = [
            service.submit(
                job(clip, op("trim", "src", "cut", end=1), cut=service.media / f"wait-{n}.mp4")
            )
            for n in range(3)
        ]
        assert [one["queue_position"] for one in made] == [1, 2, 3]
        ids = [one["job_id"] for one in made]
        raised = service.client.patch(f"/v1/jobs/{ids[2]}", json={"priority": 10})
        assert (raised.status_code, raised.json()["priority"]) == (200, 10)
        assert [service.job(i)["queue_position"] for i in ids] == [2, 3, 1]
        assert service.client.delete(f"/v1/jobs/{ids[0]}").json()["status"] == "cancelled"
        shown = service.get("/v1/queue")
        (mine,) = [one for one in shown["tenants"] if one["tenant"] == "default"]
        assert (shown["paused"], mine["next"]) == (True, [ids[2], ids[1]])
        assert {service.job(i)["status"] for i in ids[1:]} == {"pending"}
    finally:
        assert service.client.post("/v1/queue/resume").json()["paused"] is False
    done = [service.wait(i) for i in ids[1:]]
    assert {one["status"] for one in done} == {"completed"}
    assert {one["queue_position"] for one in done} == {None}
    answer = service.client.patch(f"/v1/jobs/{ids[1]}", json={"priority": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "CANNOT_CHANGE")


def test_a_priority_is_a_whole_number_from_0_to_10(service: Service) -> None:
    for wrong in ({"priority": 11}, {"priority": "5"}, {}, {"priority": 5, "status": "completed"}):
        answer = service.client.patch("/v1/jobs/job_" + "0" * 32, json=wrong)
        assert answer.status_code == 422, answer.text


def test_a_failed_job_is_tried_again_from_where_it_failed(
    service: Service, long_clip: Path
) -> None:
    """A file comes to be where the destination's folder was to be: measuring succeeds, publishing
    does not."""
    blocked = service.media / "blocked"
    spec = job(long_clip, op("loudnorm", "src", "loud"), loud=blocked / "o.m4a")
    spec["outputs"][0]["codec"] = {"video": "none"}
    plan_id = service.client.post("/v1/plans", json=spec).json()["plan_id"]
    blocked.write_text("in the way")
    failed = service.run({"plan_id": plan_id})
    assert failed["status"] == "failed", failed
    first = service.get(f"/v1/jobs/{failed['job_id']}/steps")["data"]
    assert [step["status"] for step in first] == ["completed", "failed"]
    blocked.unlink()
    answer = service.client.post(f"/v1/jobs/{failed['job_id']}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    done = service.wait(failed["job_id"])
    assert (done["status"], done["retry_count"], done["error"]) == ("completed", 1, None)
    steps = service.get(f"/v1/jobs/{failed['job_id']}/steps")["data"]
    assert len(steps[0]["attempts"]) == len(first[0]["attempts"])
    assert steps[1]["attempts"][-1]["status"] == "completed"
    answer = service.client.post(f"/v1/jobs/{failed['job_id']}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "CANNOT_RETRY")


def test_a_job_that_waits_can_be_cancelled_and_one_that_runs_lets_the_next_in(
    service: Service, long_clip: Path, clip: Path
) -> None:
    """Five jobs of a tenant at once: the sixth waits until one of them ends."""
    busy = [
        service.submit(endless(long_clip, service.media / f"busy-{n}.mp4"))["job_id"]
        for n in range(5)
    ]
    for job_id in busy:
        service.wait(job_id, "downloading_inputs", "processing", seconds=30)
    quick = service.submit(job(clip, op("trim", "src", "cut", end=1), cut=service.media / "q.mp4"))
    assert service.job(quick["job_id"])["queue_position"] == 1
    for job_id in busy:
        service.client.delete(f"/v1/jobs/{job_id}")
    assert service.wait(quick["job_id"], seconds=30)["status"] == "completed"
