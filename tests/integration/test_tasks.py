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
from celery.signals import task_failure
from celery.worker import state
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import settings
from app.embedded.valkey import Valkey
from app.errors import Failure
from app.queue import send
from app.queue.celery import celery
from app.queue.names import CONTROL, MEDIA, PLANNING, TRANSFER
from app.queue.urls import celery_url
from app.services import job_read, job_submit, step_perform, sweep
from app.services.frontier import Frontier
from app.services.step_run import Run
from app.store import attempts
from app.store.session import transaction
from app.store.steps import Completion
from operators.problem import Code
from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import stat
from tests.helpers.specs import job, op

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def worker(database: str) -> Iterator[None]:
    """A worker in threads of this process."""
    with transaction() as session:
        session.execute(text("TRUNCATE jobs CASCADE"))  # else their tenant may be at its limit
    celery.loader.import_default_modules()
    queues = [CONTROL, PLANNING, MEDIA, TRANSFER]
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
    def ended() -> dict[str, object] | None:
        found = job_read.get(job_id, "default")
        return found if found["status"] in ("completed", "failed") else None

    return until(f"{job_id} has ended", ended, 30, lambda: job_read.get(job_id, "default"))


def statuses(job_id: str) -> list[str]:
    with transaction() as session:
        return [attempt.status for attempt in attempts.of_job(session, job_id)]


def _await_all_messages() -> None:
    """Until no message waits, is on its way, or is in the worker's hands."""

    def is_idle() -> bool:
        with Redis.from_url(os.environ["REDIS_URL"]) as client:
            keys = client.keys("control*") + client.keys("media*")
            lists = [key for key in keys if client.type(key) == b"list"]
            waiting = sum(client.llen(key) for key in lists) + client.hlen("unacked")
        return not waiting and not state.reserved_requests

    until("all messages are dealt with", is_idle, 20)


def _state(pid: int) -> str:
    return stat(pid)[0]


def test_messages_that_come_twice_run_nothing_twice(spec: dict[str, object]) -> None:
    job_id = job_submit.submit(spec, "default")["job_id"]
    for _ in range(3):
        send.enqueue_advance(job_id)
    assert wait(job_id)["status"] == "completed"
    for _ in range(3):
        send.enqueue_step(job_id, "s1", 5)
        send.enqueue_advance(job_id)
    _await_all_messages()
    assert statuses(job_id) == ["completed"]


def test_a_first_message_that_never_came_is_made_up_for(
    spec: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(send, "_send", lambda *_: False)
        job_id = job_submit.submit(spec, "default")["job_id"]
    _await_all_messages()
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
    until("the signal has come", lambda: _state(doomed.child.pid) in ("T", "Z"), 2)
    began = time.monotonic()
    assert not send.enqueue_advance("job_x")
    assert time.monotonic() - began < scaled(2.5)
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
    until("the task is tried again", lambda: len(called) > 1, 10, lambda: called)


@pytest.fixture
def failed_tasks() -> Iterator[list[str]]:
    """What tasks failed for, as Flower is told of it."""
    found: list[str] = []

    def note(sender: object = None, exception: object = None, **_: object) -> None:
        found.append(f"{getattr(sender, 'name', '')}: {exception}")

    task_failure.connect(note)
    yield found
    task_failure.disconnect(note)


def test_a_job_that_cannot_be_planned_is_a_failed_task(
    worker: None, failed_tasks: list[str]
) -> None:
    source = Path(settings.current().media_roots) / "gone.mp4"
    spec = job(source, op("trim", "src", "cut", end=1), cut=source.with_name("never.mp4"))
    job_id = job_submit.submit(spec, "default")["job_id"]
    assert wait(str(job_id))["status"] == "failed"
    until("its task has failed", lambda: failed_tasks, 5)
    (told,) = failed_tasks
    assert told.startswith("media_pipeline.advance_job: INPUT_NOT_FOUND: ")


def test_every_failed_attempt_is_a_failed_task_and_the_job_goes_on(
    spec: dict[str, object], failed_tasks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice nothing was written, then it was: two failed tasks, and a job that is completed."""
    make, tries = step_perform._make, []

    def fail_twice(run: Run) -> Completion:
        tries.append(run)
        if len(tries) < 3:
            raise Failure(code=Code.STALLED)
        return make(run)

    monkeypatch.setattr(step_perform, "_make", fail_twice)
    job_id = job_submit.submit(spec, "default")["job_id"]
    assert wait(str(job_id))["status"] == "completed"
    assert [told.partition(": ")[2][:7] for told in failed_tasks] == ["STALLED", "STALLED"]
