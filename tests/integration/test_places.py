"""Steps that read the files of earlier steps run where those are; lost files are made again."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from app import settings
from app.engine import workspace
from app.queue import names, send
from app.queue.celery import celery
from app.services import step_execute
from app.store import attempts, steps, workers
from app.store.session import transaction
from tests.helpers.pace import scaled
from tests.helpers.rows import add_processing_job, claim, let_read, queue_all, statuses

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def clean() -> None:
    with transaction() as session:
        session.execute(text("TRUNCATE jobs, workers CASCADE"))


@pytest.fixture
def here() -> str:
    return workspace.fingerprint(settings.current().work_dir)


def made_at(place: str) -> str:
    """s1 is done at `place`; s2 reads its files, s3 waits for it only."""
    job_id = add_processing_job(s1="", s2="s1", s3="s1")
    let_read(job_id, "s2", "s1")
    queue_all(job_id)
    assert claim(job_id, "s1", place=place)
    with transaction() as session:
        done = steps.complete(session, job_id, "s1", 1)
    assert done is not None
    assert done.woken == (("s2", "ffmpeg"), ("s3", "ffmpeg"))
    return job_id


def register(place: str, queue: str = names.MEDIA) -> None:
    with transaction() as session:
        workers.beat(
            session, f"w@{place}", hostname=place, version="0", slots=1, cores=1, queues=[queue],
            work_dir_fingerprint=place,
        )  # fmt: skip


def test_a_step_is_claimed_only_where_it_sees_what_it_reads() -> None:
    job_id = made_at("there")
    assert claim(job_id, "s2", place="here") is None
    assert claim(job_id, "s3", place="here")
    assert claim(job_id, "s2", place="there")


def test_a_message_that_came_to_the_wrong_place_is_sent_to_the_right_one(here: str) -> None:
    register("alive")
    job_id = made_at("alive")
    outcome = step_execute.execute(job_id, "s2", "w@here")
    assert (outcome.place, outcome.is_turn, outcome.retry_in) == ("alive", False, None)
    assert statuses(job_id)["s2"] == "queued"
    with transaction() as session:
        assert not [a for a in attempts.of_job(session, job_id) if a.step_id == "s2"]


def test_files_that_nobody_sees_any_more_are_made_again(here: str) -> None:
    register("no-media", queue=names.CONTROL)
    job_id = made_at("no-media")
    outcome = step_execute.execute(job_id, "s2", "w@here")
    assert (outcome.place, outcome.is_turn) == (None, True)
    assert statuses(job_id) == {"s1": "pending", "s2": "pending", "s3": "pending"}
    with transaction() as session:
        left = {row.step_id: row.deps_left for row in steps.of_job(session, job_id)}
        runs = [(a.step_id, a.attempt) for a in attempts.of_job(session, job_id)]
    assert left == {"s1": 0, "s2": 1, "s3": 1}
    assert runs == [("s1", 1)]
    queue_all(job_id)
    again = claim(job_id, "s1", place="here")
    assert again
    assert again.attempt == 2


def test_what_runs_meanwhile_goes_on(here: str) -> None:
    job_id = made_at("gone")
    assert claim(job_id, "s3", place="here")
    step_execute.execute(job_id, "s2", "w@here")
    assert statuses(job_id) == {"s1": "pending", "s2": "pending", "s3": "running"}
    # what it waited for is to be done again: when that is done, it counts once
    assert counts(job_id)["s3"] == 1
    queue_all(job_id)
    assert claim(job_id, "s1", place="here")
    with transaction() as session:
        steps.complete(session, job_id, "s1", 2)
    assert counts(job_id) == {"s1": 0, "s2": 0, "s3": 0}


def counts(job_id: str) -> dict[str, int]:
    with transaction() as session:
        return {row.step_id: row.deps_left for row in steps.of_job(session, job_id)}


def test_what_ran_at_the_lost_place_has_lost_its_step(here: str) -> None:
    job_id = add_processing_job(s1="", s2="s1", s3="s1")
    let_read(job_id, "s2", "s1")
    let_read(job_id, "s3", "s1")
    queue_all(job_id)
    assert claim(job_id, "s1", place="gone")
    with transaction() as session:
        steps.complete(session, job_id, "s1", 1)
    assert claim(job_id, "s2", place="gone")
    step_execute.execute(job_id, "s3", "w@here")
    assert statuses(job_id) == {"s1": "pending", "s2": "pending", "s3": "pending"}
    with transaction() as session:
        assert steps.complete(session, job_id, "s2", 1) is None
        (attempt,) = [a for a in attempts.of_job(session, job_id) if a.step_id == "s2"]
    assert attempt.status == "cancelled"


def test_a_step_that_reads_two_finds_both_in_one_place(here: str) -> None:
    """Two roots begin at once on two machines: the second goes where the first is."""
    register("alive")
    job_id = add_processing_job(s1="", s2="", s3="s1 s2")
    let_read(job_id, "s3", "s1", "s2")
    queue_all(job_id)
    assert claim(job_id, "s1", place="alive")
    assert claim(job_id, "s2", place="here") is None
    assert step_execute.execute(job_id, "s2", "w@here").place == "alive"
    assert claim(job_id, "s2", place="alive")


def test_jobs_without_work_files_run_anywhere() -> None:
    job_id = add_processing_job(s1="", s2="")
    queue_all(job_id)
    assert claim(job_id, "s1", place="one")
    assert claim(job_id, "s2", place="another")


def test_a_place_is_known_wherever_it_is_seen(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "mounted").symlink_to(tmp_path / "shared")
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(workspace.fingerprint, [str(tmp_path / "shared")] * 16))
    assert len(found) == 1
    assert workspace.fingerprint(str(tmp_path / "mounted")) in found
    assert workspace.fingerprint(str(tmp_path / "other")) not in found
    assert sorted(p.name for p in (tmp_path / "shared").iterdir()) == [".place"]


def test_messages_that_are_late_lose_nothing(here: str) -> None:
    job_id = made_at("gone")
    assert claim(job_id, "s2", place="gone")
    assert step_execute.execute(job_id, "s2", "w@here") == step_execute.StepOutcome()
    assert statuses(job_id) == {"s1": "completed", "s2": "running", "s3": "queued"}


def test_a_place_has_a_queue_of_its_own() -> None:
    assert send.enqueue_step("job_x", "s1", 5, place="there")
    with celery.connection_for_read() as connection:
        message = connection.SimpleQueue("media.there").get(timeout=scaled(2))
        message.ack()
    assert message.headers["task"] == names.RUN_STEP
