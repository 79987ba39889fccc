"""Which waiting job is next, whose turn it is, and what becomes of all that when Redis forgets."""

import pytest
from redis import Redis
from sqlalchemy import text

from app import settings
from app.queue import send, waiting
from app.services import job_admit, job_advance, job_cancel, job_priority, job_read
from app.store import admissions, jobs
from app.store.session import transaction
from app.store.status import JobStatus
from tests.helpers.rows import add_job

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that were sent to be advanced, in order. Slots for three jobs at once."""
    found: list[str] = []
    monkeypatch.setattr(send, "enqueue_advance", lambda job_id: found.append(job_id))
    monkeypatch.setattr(send, "enqueue_admit", lambda *_: True)
    monkeypatch.setattr(job_admit, "_window", lambda _: 3)
    with transaction() as session:
        session.execute(text("TRUNCATE jobs, queue_control CASCADE"))
    flush()
    return found


def flush() -> None:
    with Redis.from_url(settings.current().redis_url) as client:
        client.flushall()


def wait(tenant: str = "default", priority: int = 5, minutes_ago: float = 0) -> str:
    """A job that waits."""
    job_id = add_job(tenant, is_admitted=False)
    with transaction() as session:
        session.execute(
            text(
                "UPDATE jobs SET priority = :priority,"
                " queued_at = now() - make_interval(mins => 0, secs => :ago) WHERE job_id = :id"
            ),
            {"priority": priority, "ago": minutes_ago * 60, "id": job_id},
        )
        job = jobs.get(session, job_id)
    assert job
    assert waiting.put(job_admit.as_waiting(job))
    return job_id


def end(job_id: str) -> None:
    with transaction() as session:
        assert jobs.move(session, job_id, JobStatus.FAILED)


def test_who_came_first_is_served_first_as_far_as_there_is_room(sent: list[str]) -> None:
    ids = [wait(minutes_ago=9 - n) for n in range(5)]
    assert job_admit.admit() == 3
    assert sent == ids[:3]
    assert job_admit.admit() == 0
    end(ids[1])
    assert job_admit.admit() == 1
    assert sent == ids[:4]


def test_one_priority_is_worth_ten_minutes(sent: list[str]) -> None:
    usual = wait(minutes_ago=9)
    urgent = wait(priority=6)
    patient = wait(minutes_ago=11)
    job_admit.admit()
    assert sent == [patient, urgent, usual]


def test_tenants_are_served_in_turn(sent: list[str]) -> None:
    many = [wait("many", minutes_ago=60 - n) for n in range(5)]
    few = wait("few")
    job_admit.admit()
    assert (sorted(sent[:2]), sent[2]) == (sorted([many[0], few]), many[1])


def test_who_always_has_one_job_waiting_does_not_pass_who_has_many(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_admit, "_window", lambda _: 1)
    many = {wait("many", minutes_ago=60) for _ in range(6)}
    for _ in range(6):
        wait("one")
        before = len(sent)
        assert job_admit.admit() > 0
        for job_id in sent[before:]:
            end(job_id)
    assert len(many & set(sent)) >= 3


def test_who_comes_late_has_a_share_that_others_took(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_admit, "_window", lambda _: 4)
    for _ in range(9):
        wait("greedy", minutes_ago=60)
    assert job_admit.admit() == 4
    polite = [wait("polite") for _ in range(3)]
    assert job_admit.admit() == 2
    assert sent[4:] == polite[:2]
    for number in range(40):
        wait(f"tenant{number}")
    assert job_admit.admit() == 2  # never more than twice the room


def test_the_end_of_a_job_lets_the_next_one_in(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_admit, "_window", lambda _: 1)
    first, second = wait(), wait()
    assert job_admit.admit() == 1
    job_cancel.cancel(first, "default")
    job_advance.advance(first)
    assert sent == [first, second]


def test_a_tenant_at_its_limit_lets_the_others_pass(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMIT_CONCURRENT_JOBS", "1")
    settings.current.cache_clear()
    greedy = [wait("greedy", minutes_ago=60) for _ in range(3)]
    modest = wait("modest")
    assert job_admit.admit() == 2
    assert (modest in sent, len(set(sent) & set(greedy))) == (True, 1)
    monkeypatch.undo()
    settings.current.cache_clear()


def test_positions_count_within_the_tenant_and_move_up(sent: list[str]) -> None:
    ids = [wait(minutes_ago=9 - n) for n in range(5)]
    other = wait("other", minutes_ago=99)
    assert [job_read.get(i, "default")["queue_position"] for i in ids] == [1, 2, 3, 4, 5]
    assert job_read.get(other, "other")["queue_position"] == 1
    job_admit.admit()
    left = [job_read.get(i, "default")["queue_position"] for i in ids]
    assert left[:2] == [None, None]
    assert left[-1] == 3


def test_a_cancelled_job_leaves_the_queue_and_is_never_admitted(sent: list[str]) -> None:
    first, second = wait(minutes_ago=2), wait(minutes_ago=1)
    job_cancel.cancel(first, "default")
    assert job_read.get(second, "default")["queue_position"] == 1
    job_admit.admit()
    assert sent == [second]


def test_a_job_that_was_cancelled_while_redis_was_away_is_passed_over(sent: list[str]) -> None:
    first, second = wait(minutes_ago=2), wait(minutes_ago=1)
    with transaction() as session:
        jobs.move(session, first, JobStatus.CANCELLED)
    assert job_admit.admit() == 1
    assert sent == [second]


def test_a_new_priority_is_a_new_place(sent: list[str]) -> None:
    ids = [wait(minutes_ago=9 - n) for n in range(3)]
    assert job_priority.change(ids[2], "default", 10)["priority"] == 10
    assert job_read.get(ids[2], "default")["queue_position"] == 1


def test_while_paused_nothing_is_admitted_and_a_flush_changes_nothing(sent: list[str]) -> None:
    job_id = wait()
    assert job_admit.set_paused(True)["paused"] is True
    flush()
    job_admit.refill()
    assert job_admit.admit() == 0
    found = job_admit.show()
    assert (found["depth"], found["running"], found["tenants"][0]["next"]) == (1, 0, [job_id])
    job_admit.set_paused(False)
    assert job_admit.admit() == 1


def test_what_redis_forgot_is_put_back_in_the_same_order(sent: list[str]) -> None:
    ids = [wait(minutes_ago=9 - n, priority=5 + n % 2) for n in range(4)]
    before = waiting.heads("default", 9)
    flush()
    assert job_read.get(ids[0], "default")["queue_position"] is None
    assert job_admit.refill() == 4
    assert waiting.heads("default", 9) == before
    assert job_admit.refill() == 0


def test_a_lost_turn_and_a_lost_priority_are_mended(sent: list[str]) -> None:
    first, second = wait(minutes_ago=2), wait(minutes_ago=1)
    with Redis.from_url(settings.current().redis_url) as client:
        client.delete("media_pipeline:queue:turns")
    assert job_admit.admit() == 0
    with transaction() as session:
        jobs.set_priority(session, second, 9)
    assert job_admit.refill() == 1
    job_admit.admit()
    assert sent == [second, first]


def test_what_redis_remembers_but_does_not_wait_is_forgotten() -> None:
    job_id = wait()
    with transaction() as session:
        admissions.admit(session, job_id)
    assert job_admit.refill() == 1
    assert waiting.heads("default", 9) == []


def test_a_message_that_comes_early_does_not_plan_a_job_that_waits() -> None:
    job_id = wait()
    assert job_advance.advance(job_id).chains == ()
    with transaction() as session:
        job = jobs.get(session, job_id)
    assert job
    assert job.status == JobStatus.PENDING
