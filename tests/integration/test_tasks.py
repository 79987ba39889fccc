"""Tasks in Celery's own in-process worker, over a real broker: messages twice, late, never."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import settings
from app.embedded.valkey import Valkey
from app.queue import send
from app.queue.celery import celery
from app.queue.names import CONTROL, MEDIA, TRANSFER
from app.queue.urls import celery_url
from app.services import job_read, job_submit, sweep
from app.services.frontier import Frontier
from app.store import attempts
from app.store.session import transaction
from tests.helpers.media import Media
from tests.helpers.specs import job, op


@pytest.fixture(scope="module")
def worker(database: str) -> Iterator[None]:
    """A worker in threads of this process."""
    with transaction() as session:
        session.execute(text("TRUNCATE jobs CASCADE"))  # else their tenant may be at its limit
    url = celery_url(os.environ["REDIS_URL"])
    celery.conf.update(broker_url=url, result_backend=url)
    celery.loader.import_default_modules()
    queues = [CONTROL, MEDIA, TRANSFER]
    with start_worker(
        celery, pool="threads", concurrency=3, perform_ping_check=False, queues=queues
    ):
        yield


@pytest.fixture
def spec(worker: None, media: Media) -> dict[str, object]:
    folder = Path(settings.current().media_roots)
    folder.mkdir(exist_ok=True)
    source = folder / "clip.mp4"
    source.write_bytes(media.clip().read_bytes())
    return job(source, op("trim", "src", "cut", end=1), cut=folder / "o.mp4")


def wait(job_id: str) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = job_read.get(job_id, "default")
        if found["status"] in ("completed", "failed"):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def statuses(job_id: str) -> list[str]:
    with transaction() as session:
        return [attempt.status for attempt in attempts.of_job(session, job_id)]


def test_messages_that_come_twice_run_nothing_twice(spec: dict[str, object]) -> None:
    job_id = job_submit.submit(spec, "default")["job_id"]
    for _ in range(3):
        send.enqueue_advance(job_id)
    assert wait(job_id)["status"] == "completed"
    for _ in range(3):
        send.enqueue_step(job_id, "s1", 5)
        send.enqueue_advance(job_id)
    time.sleep(1)
    assert statuses(job_id) == ["completed"]


def test_a_first_message_that_never_came_is_made_up_for(
    spec: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(send, "_send", lambda *_: False)
        job_id = job_submit.submit(spec, "default")["job_id"]
    time.sleep(0.5)
    assert job_read.get(job_id, "default")["status"] == "pending"
    with transaction() as session:
        old = text("UPDATE jobs SET updated_at = now() - interval '1 hour' WHERE job_id = :id")
        session.execute(old, {"id": job_id})
    sweep.sweep()
    assert wait(job_id)["status"] == "completed"


@pytest.fixture
def doomed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A broker of its own, which is sent to until something happens to it."""
    folder = Path(tempfile.mkdtemp(prefix="mp-doomed-"))
    valkey = Valkey(sockets=folder)
    dead = celery.__class__("doomed", broker=celery_url(valkey.start()), set_as_current=False)
    dead.conf.update(
        broker_transport_options=celery.conf.broker_transport_options,
        task_queues=celery.conf.task_queues,
    )
    monkeypatch.setattr(send, "celery", dead)
    assert send.enqueue_advance("job_x")
    yield valkey
    valkey.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_without_redis_a_send_gives_up_within_seconds(
    worker: None, doomed: Valkey, number: int
) -> None:
    assert doomed.child is not None
    doomed.child.send_signal(number)
    time.sleep(0.2)
    began = time.monotonic()
    assert not send.enqueue_advance("job_x")
    assert time.monotonic() - began < 2.5
    doomed.child.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(("module", "name"), [("job_admit", "admit"), ("job_advance", "advance")])
def test_a_moment_without_postgres_does_not_wait_for_the_sweep(
    worker: None, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    called: list[object] = []

    def act(*_: object) -> Frontier:
        called.append(_)
        if len(called) == 1:
            raise OperationalError("SELECT 1", {}, Exception("away"))
        return Frontier(job_id="job_x")

    monkeypatch.setattr(f"app.services.{module}.{name}", act)
    assert send.enqueue_admit() if name == "admit" else send.enqueue_advance("job_x")
    deadline = time.monotonic() + 10
    while len(called) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
