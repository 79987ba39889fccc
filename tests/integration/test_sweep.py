"""The sweep: every part repairs what it is for, and twice is as good as once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app import settings
from app.engine import workspace
from app.errors import Failure
from app.queue import locks, send
from app.services import job_fail, sweep
from app.store import attempts, jobs, parts, workers
from app.store.models import Job, JobEvent, JobLog, Step
from app.store.session import transaction
from app.store.status import JobStatus
from operators.problem import Code
from tests.helpers.rows import add_job, add_processing_job, claim, queue_all, statuses

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was sent to Celery, which is not running here."""
    found: list[tuple[Any, ...]] = []
    for name in ("enqueue_advance", "enqueue_step", "enqueue_digest", "enqueue_admit"):
        monkeypatch.setattr(send, name, lambda *args, n=name: found.append((n, *args)) or True)
    with transaction() as session:
        session.execute(text("TRUNCATE jobs, workers, output_parts CASCADE"))
    return found


def sql(statement: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


def job_status(job_id: str) -> str:
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        return job.status


def test_a_step_with_an_expired_lease_runs_again(sent: list[tuple[Any, ...]]) -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    claim(job_id, "s1", lease_s=-1)
    assert sweep.recover_steps() == 1
    assert statuses(job_id) == {"s1": "queued"}
    assert ("enqueue_step", job_id, "s1", 0, "ffmpeg") in sent
    assert sweep.recover_steps() == 0
    with transaction() as session:
        (attempt,) = attempts.of_job(session, job_id)
    assert attempt.error
    assert (attempt.status, attempt.error["code"]) == ("failed", "WORKER_CRASHED")
    assert attempt.error["message"] == "A worker died while it ran the step."
    assert "tries again" in attempt.error["suggestion"]


def test_a_step_that_keeps_killing_workers_fails_its_job() -> None:
    job_id = add_processing_job(s1="", s2="s1")
    queue_all(job_id)
    for _ in range(settings.current().max_failures):
        assert claim(job_id, "s1", lease_s=-1)
        assert sweep.recover_steps() == 1
    assert (job_status(job_id), statuses(job_id)) == ("failed", {"s1": "failed", "s2": "cancelled"})
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        assert job.error
        assert (job.error["code"], job.error["step_id"]) == ("WORKER_CRASHED", "s1")
        assert "3 times in all" in job.error["message"]
        assert "may crash FFmpeg" in job.error["suggestion"]


def test_a_job_that_failed_does_not_say_that_the_service_tries_again() -> None:
    for code, said in (
        (Code.STALLED, "as often as it does"),
        (Code.INPUT_CORRUPTED, "Play the file"),
    ):
        job_id = add_processing_job(s1="")
        with transaction() as session:
            assert job_fail.fail(session, job_id, Failure(code=code))
            job = jobs.get(session, job_id)
            assert job
            assert job.error
            assert said in job.error["suggestion"]


@pytest.mark.parametrize(("renewed_ago_s", "recovered"), [(60, 1), (0, 0)])
def test_what_a_silent_worker_ran_is_taken_from_it(
    renewed_ago_s: int, recovered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASE_S", "600")
    settings.current.cache_clear()
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    claim(job_id, "s1", worker="silent", lease_s=600 - renewed_ago_s)
    with transaction() as session:
        about = {"hostname": "h", "version": "1", "slots": 1, "queues": []}
        workers.beat(session, "silent", work_dir_fingerprint="", **about)
        workers.beat(session, "alive", work_dir_fingerprint="", **about)
    sql(
        "UPDATE workers SET last_heartbeat_at = now() - interval '1 hour' WHERE worker_id = 'silent'"
    )
    assert sweep.expire_workers() == 1
    assert sweep.recover_steps() == recovered
    with transaction() as session:
        assert workers.count_active(session, 30) == 1
    monkeypatch.undo()
    settings.current.cache_clear()


def test_one_part_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> int:
        raise OSError("no such luck")

    monkeypatch.setattr(sweep, "_PARTS", (broken, sweep.advance_idle))
    job_id = add_job()
    sql("UPDATE jobs SET updated_at = now() - interval '1 hour' WHERE job_id = :id", id=job_id)
    assert sweep.sweep() == {"advance_idle": 1}


def test_a_stuck_step_of_a_job_that_ended_is_laid_to_rest() -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    claim(job_id, "s1", lease_s=-1)
    with transaction() as session:
        assert jobs.move(session, job_id, JobStatus.CANCELLED)
    assert sweep.recover_steps() == 1
    assert statuses(job_id) == {"s1": "cancelled"}
    assert sweep.recover_steps() == 0


def test_a_job_past_its_deadline_fails() -> None:
    job_id = add_processing_job(s1="")
    sql("UPDATE jobs SET deadline_at = now() - interval '1 second' WHERE job_id = :id", id=job_id)
    assert sweep.time_out_jobs() == 1
    assert job_status(job_id) == "failed"
    assert sweep.time_out_jobs() == 0


def test_a_lost_message_is_sent_again_once_in_a_while(sent: list[tuple[Any, ...]]) -> None:
    job_id = add_processing_job(s1="", s2="s1")
    queue_all(job_id)
    assert sweep.resend_steps() == 0
    sql("UPDATE steps SET queued_at = now() - interval '1 hour' WHERE job_id = :id", id=job_id)
    assert sweep.resend_steps() == 1
    assert sent == [("enqueue_step", job_id, "s1", 0, "ffmpeg")]
    assert sweep.resend_steps() == 0


def test_a_job_that_nobody_touched_is_advanced(sent: list[tuple[Any, ...]]) -> None:
    job_id = add_job()
    assert sweep.advance_idle() == 0
    sql("UPDATE jobs SET updated_at = now() - interval '1 hour' WHERE job_id = :id", id=job_id)
    assert sweep.advance_idle() == 1
    assert sent == [("enqueue_advance", job_id)]


def test_parts_of_dead_attempts_go_and_those_of_live_ones_stay(tmp_path: Path) -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    claim(job_id, "s1")
    dead, alive = tmp_path / "dead", tmp_path / "alive"
    for path, attempt in ((dead, 0), (alive, 1)):
        path.touch()
        with transaction() as session:
            parts.add(session, str(path), job_id, "s1", attempt)
    sql("UPDATE output_parts SET created_at = now() - interval '1 hour'")
    assert sweep.remove_parts() == 1
    assert (dead.exists(), alive.exists()) == (False, True)


def test_work_files_go_by_rule() -> None:
    work_dir = settings.current().work_dir
    running, failed, old, cancelled = (add_job() for _ in range(4))
    for job_id, to in (
        (failed, JobStatus.FAILED),
        (old, JobStatus.FAILED),
        (cancelled, JobStatus.CANCELLED),
    ):
        with transaction() as session:
            assert jobs.move(session, job_id, to)
    sql("UPDATE jobs SET completed_at = now() - interval '2 hours' WHERE job_id = :id", id=old)
    for job_id in (running, failed, old, cancelled, "job_unknown"):
        workspace.attempt_dir(work_dir, job_id, "s1", 1)
    assert sweep.remove_work_files() == 3
    assert set(workspace.jobs_with_files(work_dir)) == {running, failed}


def test_missing_checksums_are_asked_for(sent: list[tuple[Any, ...]]) -> None:
    summed, lacking = add_job(), add_job()
    for job_id, sums in (
        (summed, "ab"),
        (lacking, ("a", None)),
    ):  # of two files an output has no sum
        sql(
            "UPDATE jobs SET status = 'completed', completed_at = now() - interval '2 minutes',"
            " outputs = CAST(:outputs AS jsonb) WHERE job_id = :id",
            id=job_id,
            outputs=json.dumps(
                [{"index": 0, "md5": None, "files": [{"md5": one} for one in sums]}]
            ),
        )
    assert sweep.digest_outputs() == 1
    assert sent == [("enqueue_digest", lacking)]


def test_one_sweep_at_a_time() -> None:
    assert isinstance(sweep.sweep(), dict)
    job_id = add_job()
    sql("UPDATE jobs SET updated_at = now() - interval '1 hour' WHERE job_id = :id", id=job_id)
    with locks.try_lock("sweep", 10) as lock:
        assert lock is not None
        assert sweep.sweep() == {}
    assert sweep.sweep() == {"advance_idle": 1}


def test_old_jobs_go_with_all_that_hangs_on_them() -> None:
    old, young = add_processing_job(s1=""), add_processing_job(s1="")
    live = add_processing_job(s1="")
    for job_id, days in ((old, 31), (young, 29)):
        with transaction() as session:
            assert jobs.move(session, job_id, JobStatus.CANCELLED)
            jobs.log(session, job_id, "info", "cancelled", "x")
            job = session.get_one(Job, job_id)
            job.completed_at = datetime.now(UTC) - timedelta(days=days)
    assert sweep.remove_old_jobs() >= 1
    with transaction() as session:
        assert jobs.get(session, old) is None
        assert jobs.get(session, young) is not None
        assert jobs.get(session, live) is not None
        for table in (Step, JobLog, JobEvent):
            assert session.scalars(select(table).where(table.job_id == old)).all() == []
    assert sweep.remove_old_jobs() == 0
