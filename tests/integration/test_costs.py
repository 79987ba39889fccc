"""What work costs is learnt from finished attempts, and plans are made with it."""

import pytest
from sqlalchemy import text

from app.services import cost_learn, policy
from app.store import attempts, costs, workers
from app.store.session import transaction
from app.store.status import StepStatus, WorkerStatus
from operators.contract import Estimates
from planner.cost_table import TABLE
from planner.costs import Costs, estimate
from planner.parse import parse_spec
from planner.policy import Policy
from planner.spec import JobSpec
from tests.helpers import rows
from tests.helpers.specs import job

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]
_WORK = {
    "start": Estimates(cpu_ms=10, wall_ms=10),
    "scale/hd": Estimates(cpu_ms=1000, wall_ms=1000),
}


@pytest.fixture(autouse=True)
def nothing_is_known(database: str) -> None:
    """No attempt, nothing learnt, no worker: whatever tests before left."""
    with transaction() as session:
        session.execute(text("TRUNCATE jobs, learnt_costs, workers CASCADE"))


@pytest.fixture
def spec() -> JobSpec:
    document = job("file:///m/in.mp4", src="/m/o.mp4")
    return parse_spec(document, Policy(roots=("/m",))).spec


def finish(count: int, slowness: float) -> None:
    """Attempts that took so much more CPU than the table says."""
    told = estimate(_WORK, TABLE, Costs()).cpu_ms
    usage = cost_learn.usage_of(
        _WORK,
        cpu_ms=round(told * slowness), peak_memory_bytes=0, output_bytes=0,
    )  # fmt: skip
    for _ in range(count):
        job_id = rows.add_processing_job(s1="")
        rows.queue_all(job_id)
        assert rows.claim(job_id, "s1")
        with transaction() as session:
            attempts.close(session, job_id, "s1", 1, StepStatus.COMPLETED, usage=usage)


def learnt() -> Costs:
    with transaction() as session:
        return costs.learnt(session)


def test_finished_attempts_correct_estimates() -> None:
    finish(20, slowness=3.0)
    assert cost_learn.learn_costs() > 0
    told = estimate(_WORK, TABLE, learnt())
    plain = estimate(_WORK, TABLE, Costs())
    assert told.cpu_ms == pytest.approx(3 * plain.cpu_ms, rel=0.05)
    assert told.samples == 20


def test_a_few_attempts_are_not_learnt_from_again() -> None:
    finish(20, slowness=3.0)
    cost_learn.learn_costs()
    finish(19, slowness=1.0)
    assert cost_learn.learn_costs() == 0
    finish(1, slowness=1.0)
    assert cost_learn.learn_costs() > 0


def beat(worker_id: str, hostname: str, slots: int, cores: int, queues: list[str]) -> None:
    with transaction() as session:
        workers.beat(
            session, worker_id, hostname=hostname, version="1", slots=slots, cores=cores,
            queues=queues, work_dir_fingerprint="x",
        )  # fmt: skip


def test_the_slots_of_a_machine_are_no_more_than_its_cores(spec: JobSpec) -> None:
    beat("a", "one", 4, 4, ["media"])
    beat("b", "one", 4, 4, ["media"])
    beat("c", "two", 2, 8, ["media", "control"])
    beat("d", "three", 9, 9, ["control"])
    assert policy.options_now("default", spec).fleet.slots == 6


def test_a_plan_is_for_one_slot_where_no_worker_is(spec: JobSpec) -> None:
    with transaction() as session:
        workers.mark_stale(session, 0, WorkerStatus.ACTIVE)
    assert policy.options_now("default", spec).fleet.slots == 1
