"""`make neighbours`: what a tenant's job takes while another tenant does what it can to be in the way.

Prints a table: each hostile load, and the job's time as a multiple of what it takes alone.
"""

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from app import settings
from app.engine import tools
from tests.helpers import bombs
from tests.helpers.half_sent import half_sent
from tests.helpers.http_client import http_client
from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import TERMINAL, Service, running_service
from tests.helpers.specs import busy, endless, job, op
from tests.helpers.web import WebServer, web_server

SETTINGS = {"ALLOW_PRIVATE_NETWORKS": "true", "LIMIT_CONCURRENT_JOBS": "5"}
_ROUNDS = 3


@dataclass(kw_only=True)
class Street:
    """A service with two tenants, and a web server that both use."""

    service: Service
    web: WebServer
    clip: Path
    long: Path
    hostile: httpx.Client
    polite: httpx.Client
    width: int = 160
    """Of what the polite tenant asks for."""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    submitted: list[str] = field(default_factory=list)
    """The hostile tenant's jobs."""

    def out(self) -> Path:
        return self.service.media / f"out{next(self.numbers)}.mp4"

    def submit(self, spec: dict[str, Any]) -> None:
        answer = self.hostile.post("/v1/jobs", json=spec)
        if answer.status_code == 201:
            self.submitted.append(answer.json()["job_id"])

    def polite_job(self) -> float:
        """Seconds from a submission to the webhook that tells of its end: a source from the web, an
        encode, an output, a delivery."""
        path = f"/told{next(self.numbers)}"
        hook = self.web.put(path)
        spec = job(
            self.web.url("/clip.mp4"), op("scale", "src", "small", width=self.width, height=-2),
            small=self.out(),
        )  # fmt: skip
        begun = time.monotonic()
        answer = self.polite.post("/v1/jobs", json={**spec, "webhook_url": hook})
        assert answer.status_code == 201, answer.text
        job_id = answer.json()["job_id"]

        def told() -> bool:
            kinds = [json.loads(body)["type"] for at, _, body in self.web.posted if at == path]
            return bool({"job.completed", "job.failed"}.intersection(kinds))

        until("the polite tenant is told", told, 120, lambda: self._story(job_id), 0.02)
        taken = time.monotonic() - begun
        assert self.polite.get(f"/v1/jobs/{job_id}").json()["status"] == "completed"
        return taken

    def _story(self, job_id: str) -> str:
        return f"{self.polite.get(f'/v1/jobs/{job_id}').json()['progress']}\n{self.service.logs()}"

    def calm_down(self) -> None:
        """End what the hostile tenant began."""
        for job_id in self.submitted:
            self.hostile.delete(f"/v1/jobs/{job_id}")
        for job_id in self.submitted:
            until(
                f"{job_id} has ended",
                lambda job_id=job_id: self.hostile.get(f"/v1/jobs/{job_id}").json()["status"] in TERMINAL,
                60, self.service.logs,
            )  # fmt: skip
        self.submitted.clear()


@contextmanager
def street(
    media: Media, folder: Path, seconds: int = 4, width: int = 160, **env: str
) -> Iterator[Street]:
    """`seconds`, `width`: of what the polite tenant sends, and wants."""
    with ExitStack() as stack:
        service = stack.enter_context(running_service(folder / "data", **{**SETTINGS, **env}))
        web = stack.enter_context(web_server())

        def tenant(name: str) -> httpx.Client:
            made = service.client.post("/v1/api-keys", json={"tenant": name, "name": name})
            assert made.status_code == 201, made.text
            headers = {"Authorization": f"Bearer {made.json()['key']}"}
            return stack.enter_context(http_client(str(service.client.base_url), headers))

        clip = service.place(media.clip())
        web.put("/clip.mp4", media.clip(f"polite{seconds}.mp4", seconds=seconds).read_bytes())
        made = Street(
            service=service, web=web, clip=clip,
            long=service.place(media.clip("long.mp4", seconds=10)),
            hostile=tenant("hostile"), polite=tenant("polite"), width=width,
        )  # fmt: skip
        yield made
        made.calm_down()


@contextmanager
def _again(act: Callable[[], object], threads: int = 1, pause_s: float = 0.0) -> Iterator[None]:
    """Do something again and again, in so many threads, while the block lasts."""
    is_over = threading.Event()

    def work() -> None:
        while not is_over.wait(pause_s):
            try:
                act()
            except httpx.HTTPError:
                continue

    workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        is_over.set()
        for worker in workers:
            worker.join(timeout=scaled(40))


@contextmanager
def many_jobs(on: Street) -> Iterator[None]:
    """Sixty jobs, each as urgent as can be."""
    for _ in range(60):
        spec = job(on.clip, op("scale", "src", "s", width=320, height=-2), s=on.out())
        on.submit({**spec, "priority": 10})
    yield


@contextmanager
def long_encodes(on: Street) -> Iterator[None]:
    """Eight encodes that do not end."""
    for _ in range(8):
        on.submit({**busy(on.long, on.out()), "priority": 10})
    yield


@contextmanager
def wide_job(on: Street) -> Iterator[None]:
    """One job of many outputs, each a step of its own."""
    for _ in range(2):
        names = [f"o{n}" for n in range(16)]
        operations = [
            op("scale", "src", n, width=64 + 16 * i, height=-2) for i, n in enumerate(names)
        ]
        on.submit(job(on.long, *operations, **{name: on.out() for name in names}))
    yield


@contextmanager
def dripping_sources(on: Street) -> Iterator[None]:
    """Sources that come a little faster than what is given up."""
    slow = on.web.put("/drip.mp4", on.long.read_bytes(), drip_s=0.0005, has_ranges=False)
    for _ in range(8):
        on.submit(job(slow, op("scale", "src", "s", width=160, height=-2), s=on.out()))
    yield


@contextmanager
def silent_sources(on: Street) -> Iterator[None]:
    """Sources that accept, and say nothing."""
    silent = on.web.put("/silent.mp4", b"x", delay_s=30)
    for _ in range(8):
        on.submit(job(silent, op("scale", "src", "s", width=160, height=-2), s=on.out()))
    yield


@contextmanager
def slow_receivers(on: Street) -> Iterator[None]:
    """Webhooks, for every event, to receivers that take eight seconds to answer."""
    hooks = [on.web.put(f"/slow{n}", delay_s=8) for n in range(12)]
    for hook in hooks:
        spec = job(on.clip, op("scale", "src", "s", width=64, height=-2), s=on.out())
        on.submit({**spec, "webhook_url": hook})
    yield


@contextmanager
def slow_probes(on: Street) -> Iterator[None]:
    """Forty probes at a time of a source that says nothing."""
    silent = on.web.put("/unheard.mp4", b"x", delay_s=30)
    with _again(lambda: on.hostile.post("/v1/probe", json={"source": silent}, timeout=40), 40, 0.1):
        time.sleep(scaled(1))
        yield


@contextmanager
def heavy_plans(on: Street) -> Iterator[None]:
    """Dry runs of a chain of filters that is as long as may be."""
    names = ["src", *(f"n{i}" for i in range(90))]
    chain = [
        op("pad", a, b, width=320 + 2 * i, height=240)
        for i, (a, b) in enumerate(itertools.pairwise(names))
    ]
    spec = job(on.clip, *chain, **{names[-1]: on.out()})
    with _again(lambda: on.hostile.post("/v1/plans", json=spec), 8, 0.02):
        yield


@contextmanager
def bombs_for_probes(on: Street) -> Iterator[None]:
    """A kilobyte that asks for gigabytes, in jobs and in probes."""
    path = on.service.media / "bomb.mp4"
    path.write_bytes(bombs.mp4_index(100_000_000))
    for _ in range(5):
        on.submit(job(path, op("scale", "src", "s", width=160, height=-2), s=on.out()))
    source = path.as_uri()
    with _again(lambda: on.hostile.post("/v1/probe", json={"source": source}), 4, 0.1):
        yield


@contextmanager
def half_requests(on: Street) -> Iterator[None]:
    """Four hundred requests that never arrive."""
    with half_sent(str(on.service.client.base_url), 400):
        yield


@contextmanager
def many_streams(on: Street) -> Iterator[None]:
    """Event streams, as many as are given."""
    on.submit(endless(on.long, on.out()))
    job_id = on.submitted[-1]

    def listen() -> None:
        with on.hostile.stream("GET", f"/v1/jobs/{job_id}/events", timeout=5) as answer:
            for _ in answer.iter_lines():
                pass

    with _again(listen, 60, 0.2):
        time.sleep(scaled(1))
        yield


@contextmanager
def failing_jobs(on: Street) -> Iterator[None]:
    """Jobs that fail, and are tried again, as fast as they can be sent."""
    gone = on.web.put("/gone.mp4", status=503)

    def send() -> None:
        on.submit(job(gone, op("scale", "src", "s", width=160, height=-2), s=on.out()))

    with _again(send, 2, 0.1):
        yield


Load = Callable[[Street], Any]
LOADS: Mapping[str, Load] = {
    load.__name__: load
    for load in (
        many_jobs, long_encodes, wide_job, dripping_sources, silent_sources, slow_receivers,
        slow_probes, heavy_plans, bombs_for_probes, half_requests, many_streams, failing_jobs,
    )
}  # fmt: skip


def alone(on: Street, rounds: int = _ROUNDS) -> float:
    """Seconds that the polite tenant's job takes with nobody else there."""
    on.polite_job()  # what is made once is made
    return median(on.polite_job() for _ in range(rounds))


def beside(on: Street, load: Load, rounds: int = _ROUNDS) -> float:
    """Seconds that it takes under a load."""
    with load(on):
        time.sleep(scaled(1.5))
        found = median(on.polite_job() for _ in range(rounds))
    on.calm_down()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="make neighbours", description=__doc__)
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=", ".join(LOADS))
    parser.add_argument("--seconds", type=int, default=4, help="of the polite tenant's clip")
    parser.add_argument("--width", type=int, default=160, help="of what it wants")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mp-street-") as name:
        folder = Path(name)
        media = Media(binaries=tools.find(settings.load({})), folder=folder)
        with street(media, folder, asked.seconds, asked.width) as on:
            own = alone(on)
            print(f"{'alone':20} {own:6.2f} s")
            for load in asked.loads or LOADS:
                taken = beside(on, LOADS[load])
                print(f"{load:20} {taken:6.2f} s  {taken / own:5.2f} times", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
