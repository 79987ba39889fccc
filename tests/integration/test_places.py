"""Steps that read the files of earlier steps run where those are; lost files are made again."""

import pytest

from app import settings
from app.engine import workspace
from app.queue import names, send
from app.queue.celery import celery
from app.services import step_execute
from app.store import steps, workers
from app.store.session import transaction
from tests.helpers.rows import add_processing_job, claim, let_read, queue_all, statuses

pytestmark = pytest.mark.usefixtures("database")


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
        assert steps.complete(session, job_id, "s1", 1) == ("s2", "s3")
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
    assert (outcome.place, outcome.is_settled, outcome.retry_in) == ("alive", False, None)
    assert statuses(job_id)["s2"] == "queued"
    with transaction() as session:
        assert not [a for a in steps.attempts_of(session, job_id) if a.step_id == "s2"]


def test_files_that_nobody_sees_any_more_are_made_again(here: str) -> None:
    register("no-media", queue=names.CONTROL)
    job_id = made_at("no-media")
    outcome = step_execute.execute(job_id, "s2", "w@here")
    assert (outcome.place, outcome.is_settled) == (None, True)
    assert statuses(job_id) == {"s1": "pending", "s2": "pending", "s3": "pending"}
    with transaction() as session:
        left = {row.step_id: row.deps_left for row in steps.of_job(session, job_id)}
        attempts = [(a.step_id, a.attempt) for a in steps.attempts_of(session, job_id)]
    assert left == {"s1": 0, "s2": 1, "s3": 1}
    assert attempts == [("s1", 1)]
    queue_all(job_id)
    again = claim(job_id, "s1", place="here")
    assert again
    assert again.attempt == 2


def test_what_runs_meanwhile_goes_on(here: str) -> None:
    job_id = made_at("gone")
    assert claim(job_id, "s3", place="here")
    step_execute.execute(job_id, "s2", "w@here")
    assert statuses(job_id) == {"s1": "pending", "s2": "pending", "s3": "running"}


def test_messages_that_are_late_lose_nothing(here: str) -> None:
    job_id = made_at("gone")
    assert claim(job_id, "s2", place="gone")
    assert step_execute.execute(job_id, "s2", "w@here") == step_execute.StepOutcome()
    assert statuses(job_id) == {"s1": "completed", "s2": "running", "s3": "queued"}


def test_a_place_has_a_queue_of_its_own() -> None:
    assert send.enqueue_step("job_x", "s1", 5, place="there")
    with celery.connection_for_read() as connection:
        message = connection.SimpleQueue("media.there").get(timeout=2)
        message.ack()
    assert message.headers["task"] == names.RUN_STEP
