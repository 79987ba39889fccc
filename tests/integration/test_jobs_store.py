"""Moves, events, pages and outputs on real Postgres."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.store import jobs
from app.store.models import JobEvent
from app.store.session import transaction
from app.store.status import LIVE, MAY_BECOME, TERMINAL, JobStatus
from tests.helpers.rows import add_job

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


def events(job_id: str) -> list[tuple[int, str]]:
    with transaction() as session:
        found = session.scalars(
            select(JobEvent).where(JobEvent.job_id == job_id).order_by(JobEvent.seq)
        )
        return [(event.seq, event.data["status"]) for event in found]


def move(job_id: str, to: JobStatus) -> bool:
    with transaction() as session:
        return jobs.move(session, job_id, to)


@pytest.mark.parametrize("start", list(JobStatus))
@pytest.mark.parametrize("to", list(JobStatus))
def test_exactly_the_moves_of_the_table_happen(start: JobStatus, to: JobStatus) -> None:
    job_id = add_job()
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        job.status = start.value
    assert move(job_id, to) == (to in MAY_BECOME[start])


def test_an_end_is_an_end_but_for_retry() -> None:
    assert MAY_BECOME[JobStatus.COMPLETED] == MAY_BECOME[JobStatus.CANCELLED] == frozenset()
    assert MAY_BECOME[JobStatus.FAILED] == {JobStatus.PENDING}
    always = frozenset.intersection(*(MAY_BECOME[status] for status in LIVE))
    assert always >= {JobStatus.CANCELLED, JobStatus.FAILED}
    assert set(JobStatus) == TERMINAL | LIVE


def test_events_are_numbered_without_a_gap_whoever_writes_them() -> None:
    job_id = add_job()

    def note(_: int) -> None:
        with transaction() as session:
            jobs.record_event(session, job_id, "step.status", {"status": "x"})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(note, range(30)))
    assert [seq for seq, _ in events(job_id)] == list(range(1, 32))


def test_of_two_ends_at_once_one_wins() -> None:
    job_id = add_job()
    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(lambda to: move(job_id, to), [JobStatus.CANCELLED, JobStatus.FAILED]))
    assert sorted(won) == [False, True]
    assert len(events(job_id)) == 2


def test_a_transaction_that_fails_leaves_no_event() -> None:
    job_id = add_job()

    def die() -> None:
        with transaction() as session:
            jobs.move(session, job_id, JobStatus.VALIDATING)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die()
    assert events(job_id) == [(1, "pending")]


def test_pages_meet_without_gap_or_overlap() -> None:
    ids = [add_job(tenant="pages", tags={"n": str(n % 2)}) for n in range(7)]
    seen: list[str] = []
    before = None
    while True:
        with transaction() as session:
            page = jobs.page(session, "pages", before=before, limit=3)
        if not page:
            break
        seen += [job.job_id for job in page]
        before = (page[-1].created_at, page[-1].job_id)
    assert seen == ids[::-1]
    with transaction() as session:
        odd = jobs.page(session, "pages", tags=["n:1"], limit=10)
        assert {job.job_id for job in odd} == set(ids[1::2])
        assert jobs.page(session, "pages", statuses=["failed"], limit=10) == []
        assert jobs.page(session, "another", limit=10) == []
        assert jobs.get(session, ids[0], "another") is None


def test_outputs_change_in_place() -> None:
    job_id = add_job()
    with transaction() as session:
        jobs.set_output(session, job_id, 0, {"md5": "x", "size_bytes": 5})
    with transaction() as session:
        job = jobs.get(session, job_id)
        assert job
        assert job.outputs == [{"index": 0, "md5": "x", "destination": "x", "size_bytes": 5}]
