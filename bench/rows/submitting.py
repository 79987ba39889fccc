"""Row 9: submitting jobs at a steady rate, against bare Flask with one INSERT, served by the same gunicorn."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
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
_GUNICORN = ("--worker-class", "gthread", "--workers", "2", "--threads", "64", "--log-level", "critical", "--no-control-socket")  # fmt: skip
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
        with _api(env) as ours, _bare(env) as bare:
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


@contextmanager
def _api(env: dict[str, str]) -> Iterator[str]:
    port = free_port()
    with _server([sys.executable, "-m", "app.cli", "serve", "--host", "127.0.0.1", "--port", str(port)], env, port) as url:  # fmt: skip
        yield url


@contextmanager
def _bare(env: dict[str, str]) -> Iterator[str]:
    port = free_port()
    with _server([sys.executable, "-m", "gunicorn", "bench.bare:create_app()", "--bind", f"127.0.0.1:{port}", *_GUNICORN], env, port) as url:  # fmt: skip
        yield url


@contextmanager
def _server(argv: list[str], env: dict[str, str], port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
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
                (
                    failed.append(answer.text)
                    if answer.status_code != 201
                    else taken.append(1000 * (time.perf_counter() - due))
                )
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
