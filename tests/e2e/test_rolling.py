"""Processes that are told to end, one after the other, while jobs come in and run: nothing is lost, and
nobody meets an error that does not say when to come back."""

import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.compose import Deployment, Process, deployment
from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import TERMINAL, freeze
from tests.helpers.specs import busy, job, op

pytestmark = [pytest.mark.stack("rolling"), pytest.mark.server]

DRAIN_S = 2


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, media: Media) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("rolling"), DRAIN_S=f"{scaled(DRAIN_S):g}") as made:
        shutil.copy(media.clip(), made.folder / "media" / "clip.mp4")
        for name in ("api", "api", "control", "webhooks", "transfer", "media", "beat"):
            made.start(name)
        made.await_all(lambda process: process.healthcheck is None or process.is_healthy())
        yield made


@dataclass(kw_only=True)
class Balancer:
    """A client that asks another API where one does not answer, as load balancers do."""

    deployed: Deployment
    key: str
    seen: Counter[int] = field(default_factory=Counter)
    bare: list[httpx.Response] = field(default_factory=list)
    """Errors of the server that do not say when to come back."""

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **how.pop("headers", {})}

        def first_answer() -> httpx.Response | None:
            for api in [one for one in self.deployed.running if one.name == "api"]:
                try:
                    answer = httpx.request(
                        method, api.url + path, timeout=scaled(10), headers=headers, **how
                    )
                except httpx.TransportError:
                    continue
                self.seen[answer.status_code] += 1
                if answer.status_code < 500:
                    return answer
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    self.bare.append(answer)
            return None

        return until("an API answers", first_answer, 20, self.deployed.logs)

    def submit(self, spec: dict[str, Any]) -> str:
        key = f"{time.monotonic_ns()}"
        answer = self.ask("POST", "/v1/jobs", json=spec, headers={"Idempotency-Key": key})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["job_id"])

    def get(self, path: str) -> Any:
        return self.ask("GET", path).raise_for_status().json()

    def wait(self, job_id: str, *statuses: str, seconds: float = 120) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            job: dict[str, Any] = self.get(f"/v1/jobs/{job_id}")
            return job if job["status"] in (statuses or TERMINAL) else None

        return until(f"{job_id} has ended", found, seconds, self.deployed.logs)


@pytest.fixture(scope="module")
def service(deployed: Deployment) -> Balancer:
    made = deployed.run("api", "apikey", "create")
    assert made.returncode == 0, made.stderr
    return Balancer(deployed=deployed, key=made.stdout.strip())


def one(deployed: Deployment, name: str) -> Process:
    return next(p for p in deployed.running if p.name == name and p.child.poll() is None)


def test_a_step_that_outlasts_the_drain_moves_to_another_worker_at_no_cost(
    deployed: Deployment, service: Balancer, media: Media
) -> None:
    long = shutil.copy(media.clip("long.mp4", seconds=10), deployed.folder / "media")
    out = deployed.folder / "media" / "moved.mp4"
    job_id = service.submit(busy(Path(long), out, width=1280, preset="medium"))

    def has_begun() -> bool:
        steps = service.get(f"/v1/jobs/{job_id}")["progress"]["steps"]
        return any(step["frame"] for step in steps)

    until("FFmpeg reports progress", has_begun, 30, deployed.logs)
    freeze(job_id)
    first = one(deployed, "media")
    begun = time.monotonic()
    first.child.send_signal(signal.SIGTERM)
    deployed.start("media")
    first.child.wait(timeout=scaled(DRAIN_S + 20))
    assert time.monotonic() - begun >= scaled(DRAIN_S) * 0.8, "it did not use its time"
    deployed.running.remove(first)

    assert service.wait(job_id)["status"] == "completed"
    (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
    assert [attempt["status"] for attempt in step["attempts"]] == ["cancelled", "completed"]
    assert step["failures"] == 0
    workers = [attempt["worker"].partition("@")[0] for attempt in step["attempts"]]
    assert workers == ["media", "media2"]


@pytest.mark.full
def test_everything_is_restarted_under_load_and_no_job_is_lost(
    deployed: Deployment, service: Balancer
) -> None:
    submitted: list[str] = []
    is_over = threading.Event()
    failed: list[BaseException] = []
    clip = deployed.folder / "media" / "clip.mp4"

    def load() -> None:
        try:
            while not is_over.is_set():
                out = deployed.folder / "media" / f"out-{len(submitted)}.mp4"
                spec = job(clip, op("scale", "src", "s", width=160, height=-2), s=out)
                submitted.append(service.submit(spec))
                service.get(f"/v1/jobs/{submitted[-1]}")
                service.get("/v1/jobs?limit=20")
                is_over.wait(0.3)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for old in list(deployed.running):
            new = deployed.start(old.name)
            deployed.await_all(
                lambda p, new=new: p is not new or not p.healthcheck or p.is_healthy()
            )
            old.end()
            deployed.running.remove(old)
    finally:
        is_over.set()
        thread.join(timeout=scaled(30))
    assert failed == []
    assert service.bare == [], [answer.text for answer in service.bare]
    ended = Counter(service.wait(job_id)["status"] for job_id in submitted)
    assert ended == {"completed": len(submitted)}, ended
    assert len(submitted) > 10
    for job_id in submitted:
        (step,) = service.get(f"/v1/jobs/{job_id}/steps")["data"]
        assert step["failures"] == 0, step
