"""Checksums of published outputs, computed after the job is done so that nobody waits for them."""

from app import settings
from app.engine.storage import local
from app.errors import Failure
from app.store import jobs
from app.store.session import transaction
from app.store.status import JobStatus


def digest(job_id: str) -> None:
    """Fill in `md5` of every output that lacks it. A file that is gone by now keeps null."""
    with transaction() as session:
        job = jobs.get(session, job_id)
    if job is None or job.status != JobStatus.COMPLETED:
        return
    roots = settings.current().roots(job.tenant_id)
    for output in job.outputs:
        if output["md5"] is not None:
            continue
        try:
            files = [
                {**file, "md5": local.md5(local.locate_source(file["uri"], roots))}
                for file in output["files"]
            ]
        except (Failure, OSError):
            continue
        # an output of several files has no checksum of its own; each file has
        of_all = files[0]["md5"] if len(files) == 1 else None
        with transaction() as session:
            jobs.set_output(session, job_id, output["index"], {"md5": of_all, "files": files})
