"""What a tenant has at a moment: counted over its jobs, never over anybody else's."""

import pytest
from sqlalchemy import text

from app import settings
from app.services import fairness, step_execute
from app.store import shares, steps
from app.store.session import transaction
from tests.helpers.rows import add_processing_job, queue_all

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def nothing() -> None:
    with transaction() as session:
        session.execute(text("TRUNCATE jobs CASCADE"))


def queued(tenant: str, *step_ids: str, priority: int = 5) -> str:
    """A running job whose steps wait for a worker."""
    job_id = add_processing_job(tenant, **dict.fromkeys(step_ids, ""))
    with transaction() as session:
        session.execute(
            text("UPDATE jobs SET priority = :p WHERE job_id = :id"), {"p": priority, "id": job_id}
        )
    queue_all(job_id)
    return job_id


def run(job_id: str, step_id: str, worker: str, lease_s: int = 60) -> None:
    with transaction() as session:
        session.execute(
            text(
                "UPDATE steps SET status = 'running', worker = :w, attempt = 1,"
                " lease_until = clock_timestamp() + make_interval(secs => :s)"
                " WHERE job_id = :j AND step_id = :step"
            ),
            {"w": worker, "s": lease_s, "j": job_id, "step": step_id},
        )


def outstanding(job_id: str) -> int:
    with transaction() as session:
        return shares.outstanding(session, job_id)


def share(job_id: str, step_id: str, worker: str) -> shares.Share:
    with transaction() as session:
        return shares.at_worker(session, job_id, step_id, worker)


def test_only_the_tenants_own_steps_stand_before_a_step() -> None:
    polite = queued("polite", "s1")
    greedy = [queued("greedy", "s1", "s2", "s3", priority=10) for _ in range(3)]
    assert outstanding(polite) == 1
    assert [outstanding(job_id) for job_id in greedy] == [9, 9, 9]


def test_priority_orders_a_tenants_own_jobs() -> None:
    usual = queued("acme", "s1", "s2")
    urgent = queued("acme", "s1", priority=8)
    assert outstanding(urgent) == 1
    assert outstanding(usual) == 3
    with transaction() as session:
        assert fairness.level_of(session, urgent) < fairness.level_of(session, usual)


def test_a_worker_counts_what_a_tenant_runs_there_and_nowhere_else() -> None:
    first, second = queued("acme", "s1", "s2", "s3"), queued("other", "s1")
    run(first, "s1", "media1")
    run(first, "s2", "media2")
    run(first, "s3", "media1", lease_s=-1)  # of a worker that is gone
    waiting = queued("acme", "s1")
    assert share(waiting, "s1", "media1") == shares.Share(is_ready=True, beside=1)
    assert share(waiting, "s1", "media3") == shares.Share(is_ready=True, beside=0)
    assert share(second, "s1", "media1") == shares.Share(is_ready=True, beside=0)
    assert share(first, "s1", "media1").is_ready is False
    assert share("job_none", "s1", "media1") == shares.Share(is_ready=False, beside=0)


def test_a_step_whose_tenant_has_its_share_is_left_for_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKER_SHARE", "1")
    settings.current.cache_clear()
    try:
        running, waiting = queued("acme", "s1"), queued("acme", "s1")
        run(running, "s1", "media1")
        outcome = step_execute.execute(waiting, "s1", "media1")
        assert outcome.is_crowded
        assert outcome.level == fairness.crowded(1)
        with transaction() as session:
            assert steps.of_job(session, waiting)[0].attempt == 0
    finally:
        monkeypatch.undo()
        settings.current.cache_clear()
