"""Row 9: submitting jobs at a steady rate, against bare Flask with one INSERT, served by the same gunicorn."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles

import httpx

from bench.bench import DEFAULTS, RAISED, Bench
from bench.figure import Figure
from tests.helpers.servers import own_servers
from tests.helpers.service import clean_env, free_port
from tests.helpers.specs import job, op

_RATE, _SECONDS, _ROUNDS = 30, 8, 2
_MOST = 3
_GUNICORN = ("--worker-class", "app.cli.http_worker.HttpWorker", "--workers", "2", "--threads", "64", "--log-level", "critical", "--no-control-socket")  # fmt: skip
_SPEC = json.dumps(
    job(
        "file:///media/in.mp4",
        op("trim", "src", "cut", start=2, end=58),
        op("scale", "cut", "small", width=854, height=480),
        op("loudnorm", "small", "even", target_lufs=-16),
        even={"destination": "file:///media/out.mp4"},
    )
).encode()


def measure(_: Bench) -> Iterator[Figure]:
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    bad = 0
    with own_servers(MEDIA_ROOTS="/media") as database:
        env = clean_env(
            **{
                **DEFAULTS, **RAISED, "DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"],
                "MEDIA_ROOTS": "/media", "AUTH_MODE": "off", "LOG_LEVEL": "error",
            },
        )  # fmt: skip
        with _server(_ours, env) as ours, _server(_bare, env) as bare:
            for url in (ours, bare):
                _drive(url, 1)
            for _ in range(_ROUNDS):
                for name, url in (("ours", ours), ("bare", bare)):
                    took, failed = _drive(url, _SECONDS)
                    found[name] += took
                    bad += failed
    (our_50, our_99), (bare_50, bare_99) = map(_percentiles, found.values())
    for name, our_ms, bare_ms in (("p50", our_50, bare_50), ("p99", our_99, bare_99)):
        yield Figure(
            name=f"POST /v1/jobs at {_RATE} a second, {name} against bare Flask", value=our_ms / bare_ms,
            limit=_MOST, unit="×", shown=f"{our_ms:.1f} ms, bare {bare_ms:.1f} ms", data={"ours_ms": our_ms, "bare_ms": bare_ms},
        )  # fmt: skip
    yield Figure(name="requests that failed meanwhile", value=bad, limit=0, unit="requests")


def _percentiles(taken_ms: list[float]) -> tuple[float, float]:
    cuts = quantiles(taken_ms, n=100)
    return cuts[49], cuts[98]


def _ours(port: int) -> list[str]:
    return ["app.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]


def _bare(port: int) -> list[str]:
    return ["gunicorn", "bench.bare:create_app()", "--bind", f"127.0.0.1:{port}", *_GUNICORN]


@contextmanager
def _server(module: Callable[[int], list[str]], env: dict[str, str]) -> Iterator[str]:
    """A server on a free port, from the module and the words that make it listen there; its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", *module(port)]
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _drive(url: str, seconds: float) -> tuple[list[float], int]:
    """Requests at the moments when they are due, whether those before have been answered or not;
    milliseconds from then on, and how many were refused."""
    taken: list[float] = []
    failed: list[object] = []
    began = time.perf_counter() + 0.1
    with httpx.Client(base_url=url, headers={"Content-Type": "application/json"}) as client:

        def send(due: float) -> None:
            try:
                answer = client.post("/v1/jobs", content=_SPEC)
                if answer.status_code == 201:
                    taken.append(1000 * (time.perf_counter() - due))
                else:
                    failed.append(answer.text)
            except httpx.HTTPError as error:
                failed.append(error)

        threads = []
        for number in range(int(seconds * _RATE)):
            due = began + number / _RATE
            time.sleep(max(0, due - time.perf_counter()))
            threads.append(threading.Thread(target=send, args=(due,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
    return taken, len(failed)
