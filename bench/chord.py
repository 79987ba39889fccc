"""The yardstick of row 7: a bare Celery worker, and chords of tasks that run one command that does nothing."""

import os
import subprocess
import sys
from pathlib import Path

from celery import Celery, chord, group

from app.embedded.valkey import Valkey
from app.queue.urls import celery_url
from bench.cpu import used
from tests.helpers.service import descendants

app = Celery("bench.chord", broker=os.environ.get("CHORD_BROKER"), backend=os.environ.get("CHORD_BROKER"))  # fmt: skip


@app.task
def work() -> None:
    subprocess.run(["true"], check=True)


@app.task
def gather(_: object) -> None:
    pass


def cpu_ms_a_task(folder: Path, width: int, times: int) -> float:
    """CPU of the worker, without its commands, a task; the body of a chord is counted as what it is for."""
    valkey = Valkey(sockets=folder / "chord")
    url = celery_url(valkey.start())
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "bench.chord", "worker", "--concurrency", "2", "--loglevel", "error"],
        env={**os.environ, "CHORD_BROKER": url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        app.conf.update(broker_url=url, result_backend=url)
        _chord(width)
        pids = [worker.pid, *descendants(worker.pid)]
        before = used(pids)
        for _ in range(times):
            _chord(width)
        return 1000 * used(pids).since(before).own / (width * times)
    finally:
        worker.terminate()
        worker.wait(30)
        valkey.stop()


def _chord(width: int) -> None:
    chord(group(work.si() for _ in range(width)))(gather.s()).get(timeout=60)
