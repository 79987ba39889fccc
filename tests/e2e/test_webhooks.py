"""Webhooks as a receiver gets them: signed, once, whatever dies in between."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tests.helpers.media import Media
from tests.helpers.service import Service, free_port, running_service
from tests.helpers.specs import job, op, slow
from tests.helpers.web import WebServer, web_server

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that may call this machine."""
    data_dir = tmp_path_factory.mktemp("hooks") / "data"
    with running_service(data_dir, ALLOW_PRIVATE_NETWORKS="true", BREAKER_S="1") as running:
        yield running


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def source(near: Service, media: Media) -> Path:
    path = near.media / "clip.mp4"
    path.write_bytes(media.clip().read_bytes())
    return path


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
    deadline = time.monotonic() + seconds
    while kind not in [found for found, _ in events(web, job_id)]:
        assert time.monotonic() < deadline, f"{kind} did not come: {events(web, job_id)}"
        time.sleep(0.1)


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
    spec = slow(source, near.media / "out" / "slow.mp4", preset="veryslow")
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
    deadline = time.monotonic() + 40
    while any(
        one["status"] == "pending"
        for one in near.get(f"/v1/jobs/{made['job_id']}/webhooks")["data"]
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    log = near.get(f"/v1/jobs/{made['job_id']}/webhooks")["data"]
    assert {one["status"] for one in log} == {"delivered"}
    good = [a for one in log for a in one["attempts"] if a["status_code"] == 200]
    assert len(good) == len(log)
    assert sum(len(one["attempts"]) for one in log) == len(log) + 3


def test_killed_workers_lose_no_webhook(near: Service, source: Path, web: WebServer) -> None:
    web.put("/hook", delay_s=0.5)
    made = [told(near, source, web.url("/hook"), f"killed{n}.mp4") for n in range(4)]
    deadline = time.monotonic() + 60
    for words in (
        ("celery", "webhooks@"),
        ("celery", "control@"),
        ("gunicorn",),
        ("celery", "webhooks@"),
    ):
        time.sleep(0.7)
        for pid in near.pids(*words):
            os.kill(pid, signal.SIGKILL)
    for one in made:
        await_event(web, one["job_id"], "job.completed", seconds=deadline - time.monotonic())
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


def test_the_example_receiver_understands(near: Service, source: Path) -> None:
    port = free_port()
    secret = near.client.post("/v1/webhook-secrets").json()["secret"]
    receiver = subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / "webhook_receiver.py"), str(port)],
        env={**os.environ, "MEDIA_PIPELINE_WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}/hooks/media"
        deadline = time.monotonic() + 20
        while (answer := near.client.post("/v1/webhooks/test", json={"url": url}).json())[
            "status"
        ] != "delivered":
            assert time.monotonic() < deadline, answer
            time.sleep(0.3)
        told(near, source, url, "example.mp4")
        assert receiver.stdout is not None
        lines = iter(receiver.stdout.readline, "")
        assert (
            next(line for line in lines if line.startswith("job.completed")).split()[2]
            == "completed"
        )
    finally:
        receiver.kill()
        receiver.wait()
        receiver.stdout.close()  # type: ignore[union-attr]
