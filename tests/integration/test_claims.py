"""Claims on real Postgres: messages come twice, late, at once; leases end; fences hold."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.store import attempts, jobs, steps
from app.store.session import transaction
from app.store.status import JobStatus
from tests.helpers.pace import scaled
from tests.helpers.rows import add_processing_job, claim, queue_all, statuses

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


def test_of_many_messages_at_once_one_claims() -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda n: claim(job_id, "s1", worker=f"w{n}"), range(16)))
    taken = [found for found in claims if found]
    assert [found.attempt for found in taken] == [1]
    with transaction() as session:
        assert len(attempts.of_job(session, job_id)) == 1


def test_what_is_not_ready_cannot_be_claimed() -> None:
    job_id = add_processing_job(s1="", s2="s1")
    assert claim(job_id, "s1") is None  # not queued yet
    queue_all(job_id)
    assert claim(job_id, "s2") is None  # waits for s1
    assert claim(job_id, "s9") is None
    assert claim("job_0", "s1") is None


def test_a_step_that_is_not_due_waits() -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    assert claim(job_id, "s1")
    with transaction() as session:
        assert steps.hand_back(session, job_id, "s1", 1, delay_s=60, is_failure=True)
    assert claim(job_id, "s1") is None


def test_an_expired_lease_can_be_taken_and_the_zombie_has_lost() -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    assert claim(job_id, "s1", lease_s=-1)
    second = claim(job_id, "s1")
    assert second
    assert (second.attempt, second.lost, second.failures) == (2, 1, 1)
    with transaction() as session:
        assert not steps.renew(session, job_id, "s1", 1, 30).is_ours
        assert steps.complete(session, job_id, "s1", 1) is None
        assert not steps.hand_back(session, job_id, "s1", 1, is_failure=False)
        assert not steps.fail(session, job_id, "s1", 1, {})
        assert steps.complete(session, job_id, "s1", 2) == steps.Completion(is_turn=True)
    assert claim(job_id, "s1") is None


def test_two_parents_that_end_at_once_wake_their_child() -> None:
    job_id = add_processing_job(s1="", s2="", s3="s1 s2")
    queue_all(job_id)
    assert claim(job_id, "s1")
    assert claim(job_id, "s2")

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda step_id: complete(job_id, step_id), ["s1", "s2"]))
    assert sorted(one.woken for one in done) == [(), (("s3", "ffmpeg"),)]
    assert claim(job_id, "s3")


def complete(job_id: str, step_id: str) -> steps.Completion:
    with transaction() as session:
        done = steps.complete(session, job_id, step_id, 1)
    assert done is not None
    return done


def test_a_job_goes_on_when_a_step_is_ready_or_a_stage_is_done() -> None:
    job_id = add_processing_job(s1="", s2="", s3="", s4="s3")
    with transaction() as session:
        steps.queue(session, job_id, ["s1", "s2", "s3"])
    for step_id in ("s1", "s2", "s3"):
        assert claim(job_id, step_id)
    assert not complete(job_id, "s1").is_turn
    assert complete(job_id, "s3").is_turn  # s4 is to be sent
    with transaction() as session:
        steps.queue(session, job_id, ["s4"])
    assert claim(job_id, "s4")
    assert not complete(job_id, "s4").is_turn
    assert complete(job_id, "s2").is_turn  # nothing is left


def test_a_cancelled_job_is_noticed_and_never_claimed() -> None:
    job_id = add_processing_job(s1="", s2="")
    queue_all(job_id)
    assert claim(job_id, "s1")
    with transaction() as session:
        assert jobs.move(session, job_id, JobStatus.CANCELLED)
        steps.cancel_waiting(session, job_id)
    with transaction() as session:
        pulse = steps.look(session, job_id, "s1", 1)
        assert (pulse.is_ours, pulse.is_wanted) == (True, False)
        assert steps.complete(session, job_id, "s1", 1) is None
    assert claim(job_id, "s2") is None
    assert statuses(job_id) == {"s1": "running", "s2": "cancelled"}


def test_percent_never_goes_back() -> None:
    job_id = add_processing_job(s1="")
    queue_all(job_id)
    claim(job_id, "s1")
    with transaction() as session:
        for percent in (10.0, 50.0, 20.0):
            steps.renew(session, job_id, "s1", 1, 30, percent=percent)
        assert steps.of_job(session, job_id)[0].percent == 50


def test_claims_and_cancels_at_once_never_lock_each_other_out() -> None:
    ids = [add_processing_job(**{f"s{n}": "" for n in range(1, 5)}) for _ in range(12)]
    for job_id in ids:
        queue_all(job_id)

    def cancel(job_id: str) -> None:
        with transaction() as session:
            jobs.move(session, job_id, JobStatus.CANCELLED)
            steps.cancel_waiting(session, job_id)

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(claim, job_id, f"s{n}") for job_id in ids for n in range(1, 5)]
        work += [pool.submit(cancel, job_id) for job_id in ids]
        for one in work:
            one.result(timeout=scaled(20))  # a deadlock would raise here
    for job_id in ids:
        assert set(statuses(job_id).values()) <= {"running", "cancelled"}
