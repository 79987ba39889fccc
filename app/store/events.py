"""What happened to jobs, to be told to those who listen. Never commits."""

from collections.abc import Mapping

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, defer

from app.store.models import Job, JobEvent, Step

_MOST = 5000


def after(session: Session, seqs: Mapping[str, int]) -> list[JobEvent]:
    """Events of each job that come after its number, in order."""
    which = or_(*(and_(JobEvent.job_id == id_, JobEvent.seq > seq) for id_, seq in seqs.items()))
    order = (JobEvent.job_id, JobEvent.seq)
    return list(session.scalars(select(JobEvent).where(which).order_by(*order).limit(_MOST)))


def jobs_with_steps(session: Session, job_ids: list[str]) -> dict[str, tuple[Job, list[Step]]]:
    """The jobs as they are, by id, each with its steps in order."""
    found: dict[str, tuple[Job, list[Step]]] = {
        job.job_id: (job, [])
        for job in session.scalars(
            select(Job).where(Job.job_id.in_(job_ids)).options(defer(Job.plan), defer(Job.spec))
        )
    }
    steps = select(Step).where(Step.job_id.in_(job_ids)).order_by(Step.position)
    for step in session.scalars(steps):
        found[step.job_id][1].append(step)
    return found
