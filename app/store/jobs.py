"""Jobs: rows, the conditional moves between statuses, events, logs. Never commits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from app import metrics
from app.store.admissions import is_waiting
from app.store.binds import JOB, fill, placeholders, table
from app.store.models import Job, JobEvent, JobLog, Step
from app.store.session import after_commit
from app.store.status import LIVE, RUNNING, TERMINAL, UNPLANNED, JobStatus, may_precede

_NOW = func.clock_timestamp()
_MOST_COLONS = 16
_GET = select(Job).where(Job.job_id == JOB)
_GET_OF_TENANT = _GET.where(Job.tenant_id == bindparam("of"))
_EVENT = insert(table(JobEvent))
_LOG = insert(table(JobLog))
_JOBS = table(Job)
_C = _JOBS.c
_START = (
    update(_JOBS)
    .where(_C.job_id == JOB)
    .values(
        started_at=func.coalesce(_C.started_at, _NOW),
        deadline_at=_NOW + func.make_interval(0, 0, 0, 0, 0, 0, _C.timeout_ms / 1000.0),
    )
    .returning(_C.deadline_at)
)
_counted = (
    update(_JOBS)
    .where(_C.job_id == JOB)
    .values(event_seq=_C.event_seq + 1, updated_at=_NOW)
    .returning(_C.job_id, _C.event_seq)
    .cte("counted")
)
_RECORD = insert(table(JobEvent)).from_select(
    ["job_id", "seq", "type", "data"],
    select(*_counted.c, bindparam("kind", type_=Text), bindparam("data", type_=JSONB)),
)
_NOWHERE = {"step_id": None, "attempt": None}
_TELL = _RECORD.add_cte(
    insert(table(JobLog))
    .values(job_id=JOB, **placeholders(("level", "stage", "message", *_NOWHERE)))
    .cte("logged")
)
_index = bindparam("index", type_=Integer)
_entry = _C.outputs.op("->", return_type=JSONB())(_index)
_merged = _entry.op("||", return_type=JSONB())(bindparam("changes", type_=JSONB))
_SET_OUTPUT = (
    update(_JOBS)
    .where(_C.job_id == JOB)
    .values(outputs=func.jsonb_set(_C.outputs, array([cast(_index, Text)]), _merged))
)


def add(session: Session, **values: Any) -> Job:
    """Insert a pending job with its first event."""
    job = Job(**values, event_seq=1)
    session.add(job)
    session.flush()  # brings back what Postgres filled in
    _add_event(session, job.job_id, 1, "job.status", {"status": JobStatus.PENDING.value})
    after_commit(session, metrics.jobs_submitted.inc)
    return job


def get(session: Session, job_id: str, tenant_id: str | None = None) -> Job | None:
    """A job by id; with a tenant, only that tenant's."""
    if tenant_id is None:
        return session.scalar(_GET, {"in_job": job_id})
    return session.scalar(_GET_OF_TENANT, {"in_job": job_id, "of": tenant_id})


def find_by_key(session: Session, tenant_id: str, idempotency_key: str) -> Job | None:
    return session.scalar(
        select(Job).where(Job.tenant_id == tenant_id, Job.idempotency_key == idempotency_key)
    )


def move(
    session: Session,
    job_id: str,
    to: JobStatus,
    among: Collection[JobStatus] = tuple(JobStatus),
    **values: Any,
) -> bool:
    """Change the status if the table allows it; False when it does not (any more). `among`
    narrows the statuses from which to go. A job that was loaded before is to be refreshed.

    One conditional UPDATE takes the next event number; the event is in the same transaction.
    """
    code = (values.get("error") or {}).get("code")
    change = _moving(to, frozenset(among))
    moved = session.execute(
        change.values(**values) if values else change, {"in_job": job_id}
    ).one_or_none()
    if moved is None:
        return False
    _add_event(session, job_id, moved[0], "job.status", {"status": to.value, "error_code": code})
    if to in TERMINAL:
        after_commit(session, lambda: _count_end(to, code, float(moved[1])))
    return True


@cache
def _moving(to: JobStatus, among: frozenset[JobStatus]) -> ReturningUpdate[Any, Any]:
    stamps: dict[str, Any] = {"updated_at": _NOW}
    if to in TERMINAL:
        stamps["completed_at"] = _NOW
    return (
        update(_JOBS)
        .where(_C.job_id == JOB, _C.status.in_(set(may_precede(to)) & among))
        .values(status=to.value, event_seq=_C.event_seq + 1, **stamps)
        .returning(_C.event_seq, func.extract("epoch", _NOW - _C.queued_at))
    )


def _count_end(to: JobStatus, code: str | None, lasted_s: float) -> None:
    metrics.jobs_ended.labels(to.value).inc()
    metrics.job_duration.labels(to.value).observe(lasted_s)
    if code:
        metrics.job_failures.labels(code).inc()


def restart(session: Session, job_id: str) -> bool:
    """Let a failed job wait again, its counters and deadline as of a new one."""
    return move(
        session, job_id, JobStatus.PENDING,
        error=None, started_at=None, completed_at=None, deadline_at=None, admitted_at=None,
        queued_at=_NOW, retry_count=_C.retry_count + 1, plan_failures=0, plan_due_at=None,
    )  # fmt: skip


def defer_planning(session: Session, job_id: str, delay_s: float) -> bool:
    """Planning failed, and is due again after `delay_s`; False where the job is past that."""
    changed = session.execute(
        update(Job)
        .where(Job.job_id == job_id, Job.status.in_([s.value for s in UNPLANNED]))
        .values(
            plan_failures=Job.plan_failures + 1,
            plan_due_at=_NOW + func.make_interval(0, 0, 0, 0, 0, 0, delay_s),
            updated_at=_NOW,
        )
        .returning(Job.job_id)
    )
    return changed.scalar_one_or_none() is not None


def may_be_planned_now(session: Session, job_id: str) -> bool:
    """False until it is due again, by the clock that said when: hosts' clocks differ."""
    is_early = and_(Job.job_id == job_id, Job.plan_due_at > _NOW)
    return not session.scalar(select(exists().where(is_early)))


def set_priority(session: Session, job_id: str, priority: int) -> bool:
    """False where the job has ended."""
    changed = session.execute(
        update(Job)
        .where(Job.job_id == job_id, Job.status.in_([s.value for s in LIVE]))
        .values(priority=priority, updated_at=_NOW)
        .returning(Job.job_id)
    )
    return changed.scalar_one_or_none() is not None


def record_event(session: Session, job_id: str, kind: str, data: dict[str, Any]) -> None:
    """Append an event that is not a change of the job's status."""
    session.execute(_RECORD, {"in_job": job_id, "kind": kind, "data": data})


def tell(
    session: Session,
    job_id: str,
    kind: str,
    data: dict[str, Any],
    stage: str,
    message: str,
    **place: Any,
) -> None:
    """The same, and a line in the job's log."""
    line = {"level": "info", "stage": stage, "message": message, **_NOWHERE, **place}
    session.execute(_TELL, {"in_job": job_id, "kind": kind, "data": data, **fill(line)})


def _add_event(session: Session, job_id: str, seq: int, kind: str, data: dict[str, Any]) -> None:
    session.execute(_EVENT, {"job_id": job_id, "seq": seq, "type": kind, "data": data})


def start_clock(session: Session, job_id: str) -> datetime:
    """Start the job's time at its first step: `started_at`, and the deadline from the timeout."""
    started: datetime = session.execute(_START, {"in_job": job_id}).scalar_one()
    return started


def log(
    session: Session,
    job_id: str,
    level: str,
    stage: str,
    message: str,
    step_id: str | None = None,
    attempt: int | None = None,
) -> None:
    """Add a line to the job's log."""
    row = {
        "job_id": job_id, "level": level, "stage": stage, "message": message, "step_id": step_id,
        "attempt": attempt,
    }  # fmt: skip
    session.execute(_LOG, row)


def set_output(session: Session, job_id: str, index: int, changes: dict[str, Any]) -> None:
    """Change one entry of `outputs`, in place, whoever else changes others."""
    known = {"in_job": job_id, "index": index, "changes": changes}
    session.execute(_SET_OUTPUT, known)


def add_warning(session: Session, job_id: str, problem: dict[str, Any]) -> None:
    """Append to the job's warnings what only running showed, once."""
    one = cast([problem], JSONB)
    is_new = ~Job.warnings.contains(one)
    added = Job.warnings.op("||", return_type=JSONB())(one)
    session.execute(update(Job).where(Job.job_id == job_id, is_new).values(warnings=added))


def _readings(tag: str) -> list[dict[str, str]]:
    """What a text may mean as KEY:VALUE, whichever of its colons parts them."""
    parts = tag.split(":")
    return [
        {":".join(parts[:n]): ":".join(parts[n:])}
        for n in range(1, min(len(parts), _MOST_COLONS + 1))
    ]


def page(
    session: Session,
    tenant_id: str,
    *,
    statuses: Sequence[str] = (),
    tags: Sequence[str] = (),
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> list[Job]:
    """The newest jobs first, at most `limit`; `before` is the last of the page before."""
    where: list[ColumnElement[bool]] = [Job.tenant_id == tenant_id]
    if tags:
        where += [or_(*map(Job.tags.contains, _readings(tag))) for tag in tags]
    if created_after:
        where.append(Job.created_at >= created_after)
    if created_before:
        where.append(Job.created_at < created_before)
    if before:
        where.append(tuple_(Job.created_at, Job.job_id) < tuple_(*before))
    newest = (Job.created_at.desc(), Job.job_id.desc())

    def first(*more: ColumnElement[bool]) -> Select[str]:
        return select(Job.job_id).where(*where, *more).order_by(*newest).limit(limit)

    # a status at a time: the index has the jobs of one in order, those of several it has not
    parts = [select(first(Job.status == one).subquery()) for one in dict.fromkeys(statuses)]
    ids = union_all(*parts) if parts else first()
    query = select(Job).where(Job.job_id.in_(ids)).order_by(*newest).limit(limit)
    return list(session.scalars(query))


def logs(
    session: Session,
    job_id: str,
    *,
    stage: str | None,
    level: str | None,
    after: int,
    limit: int,
) -> list[JobLog]:
    """Log lines in order, after the one numbered `after`."""
    query = select(JobLog).where(JobLog.job_id == job_id, JobLog.id > after)
    if stage:
        query = query.where(JobLog.stage == stage)
    if level:
        query = query.where(JobLog.level == level)
    return list(session.scalars(query.order_by(JobLog.id).limit(limit)))


def past_deadline(session: Session, limit: int, job_id: str | None = None) -> list[str]:
    """Running jobs whose time is up; or whether this one's is."""
    query = select(Job.job_id).where(is_running(), Job.deadline_at < _NOW).limit(limit)
    return list(session.scalars(query if job_id is None else query.where(Job.job_id == job_id)))


def finished_among(session: Session, job_ids: Sequence[str], kept_hours: int) -> list[str]:
    """Of some jobs, those that are over (failed and debugged ones only after a while) or unknown."""
    if not job_ids:
        return []
    old = _NOW - func.make_interval(0, 0, 0, 0, kept_hours)
    is_kept = or_(
        Job.status.in_([s.value for s in LIVE]),
        and_(
            or_(Job.status == JobStatus.FAILED.value, Job.spec["debug"].as_boolean()),
            Job.completed_at >= old,
        ),
    )
    kept = set(session.scalars(select(Job.job_id).where(Job.job_id.in_(job_ids), is_kept)))
    return [job_id for job_id in job_ids if job_id not in kept]


def without_md5(session: Session, limit: int) -> list[str]:
    """Jobs that completed lately and miss a checksum."""
    lately = _NOW - func.make_interval(0, 0, 0, 0, 1)
    settled = _NOW - func.make_interval(0, 0, 0, 0, 0, 1)
    missing = Job.outputs.contains(cast([{"files": [{"md5": None}]}], JSONB))
    query = select(Job.job_id).where(
        Job.status == JobStatus.COMPLETED.value,
        Job.completed_at.between(lately, settled),
        missing,
    )
    return list(session.scalars(query.limit(limit)))


def idle(session: Session, older_than_s: float, limit: int) -> list[str]:
    """Live jobs without live work that nobody has touched for a while."""
    old = _NOW - func.make_interval(0, 0, 0, 0, 0, 0, older_than_s)
    is_worked_on = exists().where(
        Step.job_id == Job.job_id, Step.status.in_(["queued", "running"]), Step.deps_left == 0
    )
    return list(
        session.scalars(
            select(Job.job_id)
            .where(
                Job.status.in_([s.value for s in LIVE]),
                Job.updated_at < old,
                ~is_worked_on,
                ~is_waiting(),
            )
            .order_by(Job.updated_at)
            .limit(limit)
        )
    )


def is_running(of: Any = Job) -> ColumnElement[bool]:
    """SQL: the job may execute steps."""
    found: ColumnElement[bool] = of.status.in_([status.value for status in RUNNING])
    return found
