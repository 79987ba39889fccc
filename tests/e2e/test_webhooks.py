"""Webhooks as a receiver gets them: signed, once, whatever dies in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import Service, free_port
from tests.helpers.specs import endless, job, op
from tests.helpers.web import WebServer, web_server

pytestmark = pytest.mark.stack("near")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def source(near: Service, media: Media) -> Path:
    return near.place(media.clip())


def told(near: Service, source: Path, url: str, name: str) -> dict[str, Any]:
    spec = job(source, op("trim", "src", "cut", end=1), cut=near.media / "out" / name)
    return near.submit({**spec, "webhook_url": url})


def events(web: WebServer, job_id: str) -> list[tuple[str, str]]:
    """Type and `webhook-id` of what arrived about a job, in the order in which it came."""
    found = [(json.loads(body), headers) for _, headers, body in web.posted]
    return [
        (event["type"], headers["webhook-id"])
        for event, headers in found
        if event["data"].get("job_id") == job_id
    ]


def await_event(web: WebServer, job_id: str, kind: str, seconds: float = 40) -> None:
    """Until an event of a kind has come; each request that comes is a reason to look again."""

    def has_come() -> bool:
        return kind in [found for found, _ in events(web, job_id)]

    with web.posted_any:
        assert web.posted_any.wait_for(has_come, scaled(seconds)), events(web, job_id)


def await_call(web: WebServer) -> None:
    """Until one more request has come."""
    with web.posted_any:
        assert web.posted_any.wait(scaled(40)), "the receiver was not called"


def test_a_job_tells_of_its_start_and_its_end(near: Service, source: Path, web: WebServer) -> None:
    secret = near.client.post("/v1/webhook-secrets").json()["secret"]
    made = told(near, source, web.put("/hook"), "told.mp4")
    await_event(web, made["job_id"], "job.completed")
    assert {kind for kind, _ in events(web, made["job_id"])} >= {"job.started", "job.completed"}
    for _, headers, body in web.posted:
        Webhook(secret).verify(body, headers)
    last = json.loads(web.posted[-1][2])
    assert last["data"]["status"] == "completed"
    assert last["data"]["outputs"][0]["status"] == "completed"


def test_failures_and_cancellations_are_told(near: Service, source: Path, web: WebServer) -> None:
    spec = endless(source, near.media / "out" / "slow.mp4")
    made = near.submit({**spec, "webhook_url": web.put("/hook")})
    near.client.delete(f"/v1/jobs/{made['job_id']}").raise_for_status()
    await_event(web, made["job_id"], "job.cancelled")
    gone = told(near, near.media / "missing.mp4", web.url("/hook"), "x.mp4")
    await_event(web, gone["job_id"], "job.failed")
    assert json.loads(web.posted[-1][2])["data"]["error"]["code"] == "INPUT_NOT_FOUND"


def test_a_receiver_that_fails_three_times_gets_it_once(
    near: Service, source: Path, web: WebServer
) -> None:
    made = told(near, source, web.put("/hook", statuses=[500] * 3), "thrice.mp4")
    await_event(web, made["job_id"], "job.completed")
    near.wait(made["job_id"])

    def deliveries() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = near.get(f"/v1/jobs/{made['job_id']}/webhooks")["data"]
        return found

    def are_over() -> bool:
        return all(one["status"] != "pending" for one in deliveries())

    until("all deliveries are over", are_over, 40, deliveries)
    log = deliveries()
    assert {one["status"] for one in log} == {"delivered"}
    good = [a for one in log for a in one["attempts"] if a["status_code"] == 200]
    assert len(good) == len(log)
    # as it was called: progress that was refused and given up for newer is not in the log
    assert len(events(web, made["job_id"])) == len(log) + 3


def test_killed_workers_lose_no_webhook(near: Service, source: Path, web: WebServer) -> None:
    web.put("/hook", delay_s=0.5)
    made = [told(near, source, web.url("/hook"), f"killed{n}.mp4") for n in range(4)]
    for words in (
        ("celery", "webhooks@"),
        ("celery", "control@"),
        ("gunicorn",),
        ("celery", "webhooks@"),
    ):
        if "webhooks@" in words:  # in the middle of a delivery
            await_call(web)
        pids = until(f"{words} runs", lambda words=words: near.pids(*words), 20, near.logs)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    for one in made:
        await_event(web, one["job_id"], "job.completed", seconds=60)
        ids = [name for kind, name in events(web, one["job_id"]) if kind == "job.completed"]
        assert len(set(ids)) == 1
    near.ride_out("/readyz")


def test_a_dead_endpoint_delays_nobody(near: Service, source: Path, web: WebServer) -> None:
    web.put("/dead", delay_s=30)
    with web_server() as other:
        for n in range(10):
            told(near, source, web.url("/dead"), f"dead{n}.mp4")
        made = told(near, source, other.put("/hook"), "alive.mp4")
        near.wait(made["job_id"])
        await_event(other, made["job_id"], "job.completed", seconds=8)


def test_the_example_receiver_understands(near: Service, source: Path, tmp_path: Path) -> None:
    port, printed = free_port(), tmp_path / "printed"
    secret = near.client.post("/v1/webhook-secrets").json()["secret"]
    with open(printed, "wb") as out:
        receiver = subprocess.Popen(
            [sys.executable, "-u", str(ROOT / "examples" / "webhook_receiver.py"), str(port)],
            env={**os.environ, "MEDIA_PIPELINE_WEBHOOK_SECRET": secret}, stdout=out, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}/hooks/media"

    def is_delivered() -> bool:
        answer = near.client.post("/v1/webhooks/test", json={"url": url}).json()
        return bool(answer["status"] == "delivered")

    def told_of_the_end() -> list[str]:
        lines = printed.read_text().splitlines()
        return [line for line in lines if line.startswith("job.completed")]

    try:
        until("the receiver takes a test event", is_delivered, 20, near.logs)
        made = told(near, source, url, "example.mp4")
        assert near.wait(made["job_id"])["status"] == "completed"
        (line,) = until("the receiver prints the end", told_of_the_end, 20, printed.read_text)
        assert line.split()[2] == "completed"
    finally:
        receiver.kill()
        receiver.wait()
