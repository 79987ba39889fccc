"""Jobs, claims and leases against a model that fits on a page, in random interleavings.

Several workers hold attempts at once and act on them late, twice, or after they lost them; leases run
out, jobs are cancelled, time out and are tried again. Postgres must agree with the model after every
step of it.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from app.errors import Failure
from app.queue import send, waiting
from app.services import job_cancel, job_retry, sweep
from app.settings import current
from app.store import attempts, jobs, steps
from app.store.session import transaction
from app.store.status import MAY_BECOME, JobStatus
from tests.helpers.rows import add_processing_job, claim, queue_all

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database", "quiet")]

GRAPH = {"s1": "", "s2": "s1", "s3": "s1", "s4": "s2 s3"}
STEPS = st.sampled_from(sorted(GRAPH))


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("enqueue_admit", "enqueue_advance", "enqueue_step"):
        monkeypatch.setattr(send, name, lambda *_: True)
    monkeypatch.setattr(waiting, "put", lambda *_: False)
    monkeypatch.setattr(waiting, "drop", lambda *_: None)


@dataclass
class ModelStep:
    """What we believe of a step."""

    needs: set[str]
    status: str = "queued"
    attempt: int = 0
    failures: int = 0
    is_expired: bool = False


@dataclass
class Model:
    status: str = "processing"
    steps: dict[str, ModelStep] = field(default_factory=dict)
    published: dict[str, int] = field(default_factory=dict)
    """How often each step was completed since it was last reset."""

    def is_ready(self, name: str) -> bool:
        return all(self.steps[other].status == "completed" for other in self.steps[name].needs)

    def holds(self, name: str, attempt: int) -> bool:
        step = self.steps[name]
        return step.status == "running" and step.attempt == attempt


class Execution(RuleBasedStateMachine):
    """The rules are what can happen; each says what must come of it."""

    @initialize()
    def begin(self) -> None:
        self.job_id = add_processing_job(**GRAPH)
        queue_all(self.job_id)
        self.model = Model(
            steps={name: ModelStep(needs=set(needs.split())) for name, needs in GRAPH.items()}
        )
        self.held: list[tuple[str, int]] = []

    @property
    def is_live(self) -> bool:
        return self.model.status == "processing"

    @rule(name=STEPS)
    def a_message_arrives(self, name: str) -> None:
        step = self.model.steps[name]
        may = self.is_live and self.model.is_ready(name)
        may = may and (step.status == "queued" or (step.status == "running" and step.is_expired))
        found = claim(self.job_id, name)
        assert (found is not None) == may
        if found:
            step.failures += step.status == "running"
            step.attempt += 1
            step.status, step.is_expired = "running", False
            assert (found.attempt, found.failures) == (step.attempt, step.failures)
            self.held.append((name, step.attempt))

    @rule(data=st.data())
    def a_worker_completes(self, data: st.DataObject) -> None:
        name, attempt = self._some(data)
        if not name:
            return
        may = self.model.holds(name, attempt) and self.is_live
        with transaction() as session:
            done = steps.complete(session, self.job_id, name, attempt)
        assert (done is not None) == may
        if may:
            self.model.steps[name].status = "completed"
            self.model.published[name] = self.model.published.get(name, 0) + 1

    @rule(data=st.data(), is_failure=st.booleans())
    def a_worker_hands_back(self, data: st.DataObject, is_failure: bool) -> None:
        name, attempt = self._some(data)
        if not name or not self.is_live:
            return
        may = self.model.holds(name, attempt)
        with transaction() as session:
            steps.lock_job(session, self.job_id)
            back = steps.hand_back(session, self.job_id, name, attempt, is_failure=is_failure)
        assert back == may
        if may:
            step = self.model.steps[name]
            step.status, step.failures = "queued", step.failures + is_failure

    @rule(data=st.data())
    def a_worker_renews(self, data: st.DataObject) -> None:
        name, attempt = self._some(data)
        if not name:
            return
        with transaction() as session:
            pulse = steps.renew(session, self.job_id, name, attempt, 30)
        assert (pulse.is_ours, pulse.is_wanted) == (self.model.holds(name, attempt), self.is_live)
        if pulse.is_ours:
            self.model.steps[name].is_expired = False

    @rule(name=STEPS)
    def a_lease_runs_out(self, name: str) -> None:
        self._sql(
            "UPDATE steps SET lease_until = now() - interval '1 second' WHERE job_id = :id AND step_id = :name"
            " AND status = 'running'", name=name,
        )  # fmt: skip
        self.model.steps[name].is_expired = self.model.steps[name].status == "running"

    @rule()
    def the_sweep_recovers(self) -> None:
        sweep.recover_steps()
        for step in self.model.steps.values():
            if step.status != "running" or not step.is_expired:
                continue
            step.is_expired = False
            if not self.is_live:
                step.status = "cancelled"
            elif step.failures + 1 >= current().max_failures:
                step.status = "failed"
                self._fail()
            else:
                step.status, step.failures = "queued", step.failures + 1

    @rule()
    def somebody_cancels(self) -> None:
        if self.model.status == "failed":
            with pytest.raises(Failure):
                job_cancel.cancel(self.job_id, "default")
            return
        assert job_cancel.cancel(self.job_id, "default")["status"] == "cancelled"
        self._end("cancelled")

    @rule()
    def the_deadline_passes(self) -> None:
        self._sql("UPDATE jobs SET deadline_at = now() - interval '1 second' WHERE job_id = :id")
        sweep.time_out_jobs()
        if self.is_live:
            self._fail()

    @rule()
    def somebody_tries_again(self) -> None:
        if self.model.status != "failed":
            with pytest.raises(Failure):
                job_retry.retry(self.job_id, "default")
            return
        job_retry.retry(self.job_id, "default")
        with transaction() as session:
            for to in ("VALIDATING", "PLANNING", "DOWNLOADING_INPUTS", "PROCESSING"):
                assert jobs.move(session, self.job_id, JobStatus[to])
        queue_all(self.job_id)
        self.model.status = "processing"
        for step in self.model.steps.values():
            if step.status != "completed":
                step.status, step.failures, step.is_expired = "queued", 0, False

    @invariant()
    def postgres_agrees(self) -> None:
        with transaction() as session:
            job = jobs.get(session, self.job_id)
            rows = {row.step_id: row for row in steps.of_job(session, self.job_id)}
            runs = attempts.of_job(session, self.job_id)
            seqs = session.scalars(
                text("SELECT seq FROM job_events WHERE job_id = :id ORDER BY seq"),
                {"id": self.job_id},
            ).all()
        assert job
        assert job.status == self.model.status
        for name, step in self.model.steps.items():
            row = rows[name]
            left = sum(self.model.steps[n].status != "completed" for n in step.needs)
            seen = (row.status, row.attempt, row.failures, row.deps_left)
            blamed = step.failures + (step.status == "failed")
            assert seen == (step.status, step.attempt, blamed, left), name
        numbers = [(a.step_id, a.attempt) for a in runs]
        assert len(numbers) == len(set(numbers))
        assert list(seqs) == list(range(1, len(seqs) + 1))

    @invariant()
    def no_step_is_published_twice(self) -> None:
        assert all(count == 1 for count in self.model.published.values())

    def _some(self, data: st.DataObject) -> tuple[str, int]:
        """An attempt that some worker has, or believes to have."""
        return data.draw(st.sampled_from(self.held)) if self.held else ("", 0)

    def _end(self, status: str) -> None:
        if self.is_live:
            self.model.status = status
            for step in self.model.steps.values():
                if step.status == "queued":
                    step.status = "cancelled"

    def _fail(self) -> None:
        self._end("failed")

    def _sql(self, statement: str, **values: Any) -> None:
        with transaction() as session:
            session.execute(text(statement), {"id": self.job_id, **values})


@pytest.mark.parametrize(
    "examples",
    [25, pytest.param(400, marks=[pytest.mark.full, pytest.mark.timeout(1200)])],
)
def test_states_and_claims_are_those_of_the_model(examples: int) -> None:
    run_state_machine_as_test(
        Execution,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, derandomize=True,
            database=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_nothing_leaves_an_end_but_a_second_try() -> None:
    assert MAY_BECOME[JobStatus.COMPLETED] == MAY_BECOME[JobStatus.CANCELLED] == frozenset()
    assert MAY_BECOME[JobStatus.FAILED] == {JobStatus.PENDING}
