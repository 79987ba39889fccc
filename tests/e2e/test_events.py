"""Server-sent events of a job: complete, in order, resumable, over when the job is."""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.pace import scaled
from tests.helpers.service import Service
from tests.helpers.specs import endless, job, op, slow

pytestmark = pytest.mark.stack("default")

Event = dict[str, Any]


def events(service: Service, job_id: str, last: int | None = None) -> Iterator[Event]:
    """The events of one connection, until the server ends it."""
    headers = {"Last-Event-ID": str(last)} if last is not None else {}
    with service.client.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        if answer.status_code == 204:
            return
        assert answer.headers["content-type"].startswith("text/event-stream")
        found: Event = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if not line:
                if "data" in found:
                    yield {**found, "data": json.loads(found["data"])}
                found = {}
            elif name:
                found[name] = value


def test_a_stream_tells_everything_once_and_ends(service: Service, long_clip: Path) -> None:
    job_id = service.submit(slow(long_clip, service.media / "out" / "sse.mp4"))["job_id"]
    found = list(events(service, job_id))
    kept = [event for event in found if "id" in event]
    assert [int(event["id"]) for event in kept] == list(range(1, len(kept) + 1))
    statuses = [e["data"]["status"] for e in kept if e["event"] == "job.status"]
    assert statuses == [
        "pending", "validating", "planning", "downloading_inputs", "processing", "uploading_outputs", "completed",
    ]  # fmt: skip
    steps = [e["data"]["status"] for e in kept if e["event"] == "step.status"]
    assert steps == ["queued", "running", "completed"]
    percents = [e["data"]["overall_percent"] for e in found if e["event"] == "job.progress"]
    assert len(percents) >= 2
    assert percents == sorted(percents)
    assert all("id" not in e for e in found if e["event"] == "job.progress")
    assert found[-1]["data"]["status"] == "completed"
    assert all(event["data"]["job_id"] == job_id for event in found)


def test_a_client_that_comes_and_goes_misses_nothing(service: Service, long_clip: Path) -> None:
    job_id = service.submit(slow(long_clip, service.media / "out" / "sse2.mp4"))["job_id"]
    chance, seen = random.Random(7), [0]
    while service.job(job_id)["status"] != "completed" or seen[-1] < 10:
        stay = chance.randint(1, 4)
        for event in events(service, job_id, seen[-1]):
            if "id" in event:
                seen.append(int(event["id"]))
            stay -= 1
            if stay <= 0:
                break
    seen += [int(event["id"]) for event in events(service, job_id, seen[-1])]
    assert seen == list(range(len(seen)))
    everything = [int(event["id"]) for event in events(service, job_id)]
    assert everything == seen[1:]


def test_a_finished_job_tells_its_story_and_a_strangers_nothing(
    service: Service, clip: Path
) -> None:
    done = service.run(
        job(clip, op("trim", "src", "cut", end=1), cut=service.media / "out" / "s.mp4")
    )
    path = f"/v1/jobs/{done['job_id']}/events"
    assert [e["data"]["status"] for e in events(service, done["job_id"])][-1] == "completed"
    over = service.client.get(path, headers={"Last-Event-ID": "10000"})
    assert over.status_code == 204  # an EventSource does not come again
    assert service.client.get("/v1/jobs/job_" + "0" * 32 + "/events").status_code == 404
    assert service.client.get(path, headers={"Last-Event-ID": "x"}).status_code == 422
    assert service.client.get(path, headers={"Authorization": "Bearer no"}).status_code == 401


def test_streams_are_bounded_and_end_with_their_process(service: Service) -> None:
    service.client.post("/v1/queue/pause").raise_for_status()
    try:
        source = service.media / "none.mp4"
        spec = job(source, op("trim", "src", "cut", end=1), cut=service.media / "o.mp4")
        _fill_with_streams(service, service.submit(spec)["job_id"])
    finally:
        service.ride_out("/healthz")
        service.client.post("/v1/queue/resume").raise_for_status()


def _fill_with_streams(service: Service, job_id: str) -> None:
    url, headers = f"{service.client.base_url}/v1/jobs/{job_id}/events", service.client.headers
    limits = httpx.Limits(max_connections=None)
    with httpx.Client(timeout=scaled(60), limits=limits) as many:
        open_, refused = [], 0
        for _ in range(80):  # two processes, half of three quarters of 64 threads each
            answer = many.send(many.build_request("GET", url, headers=headers), stream=True)
            refused += answer.status_code == 429
            open_ += [answer] if answer.status_code == 200 else []
        assert 24 <= len(open_) <= 48
        assert refused

        began = time.monotonic()
        assert service.job(job_id)["status"] == "pending"  # requests are served beside streams
        assert time.monotonic() - began < scaled(5)

        for pid in service.pids("gunicorn"):
            os.kill(pid, signal.SIGTERM)
        for answer in open_:
            for _ in answer.iter_raw():
                pass
        assert time.monotonic() - began < scaled(12)


def test_a_stream_ends_with_the_key_that_opened_it(service: Service, long_clip: Path) -> None:
    job_id = service.submit(endless(long_clip, service.media / "out" / "revoked.mp4"))["job_id"]
    made = service.client.post(
        "/v1/api-keys", json={"name": "short", "scopes": ["jobs:read"]}
    ).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    begun = time.monotonic()
    with service.client.stream(
        "GET", f"/v1/jobs/{job_id}/events", headers=headers, timeout=scaled(60)
    ) as answer:
        lines = answer.iter_lines()
        assert next(lines)
        assert service.client.delete(f"/v1/api-keys/{made['key_id']}").status_code == 204
        for _ in lines:
            assert time.monotonic() - begun < scaled(60), "it outlives its key"
    service.client.delete(f"/v1/jobs/{job_id}")
    service.wait(job_id, "cancelled")
