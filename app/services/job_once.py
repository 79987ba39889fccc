"""Submit a job once, however often the same request comes: `Idempotency-Key`."""

import hashlib
import json
import re
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.errors import Failure, field_failure
from app.services import job_read, job_submit
from app.store import jobs
from app.store.session import transaction
from operators.problem import Code

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


def submit_once(
    document: Any, tenant_id: str, request_id: str | None, key: str
) -> tuple[dict[str, Any], bool]:
    """The job of this key, and whether it is new. The key lives as long as its job.

    Raises: Invalid; Failure IDEMPOTENCY_CONFLICT where the key stands for another body.
    """
    if not _KEY.fullmatch(key):
        raise field_failure(
            Code.INVALID_QUERY,
            "/headers/Idempotency-Key",
            "must be 1 to 255 visible ASCII characters",
            "A UUID is a good key.",
            message="The Idempotency-Key cannot be used.",
        )
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    found = _find(tenant_id, key, digest)
    if found:
        return job_read.get(found, tenant_id), False
    try:
        once = {"idempotency_key": key, "body_sha256": digest}
        return job_submit.submit(document, tenant_id, request_id, **once), True
    except IntegrityError as error:
        found = _find(tenant_id, key, digest)  # somebody else was faster by a moment
        if found is None:
            raise Failure(code=Code.UNEXPECTED_STATE) from error
        return job_read.get(found, tenant_id), False


def _find(tenant_id: str, key: str, digest: str) -> str | None:
    with transaction() as session:
        job = jobs.find_by_key(session, tenant_id, key)
    if job is None:
        return None
    if job.body_sha256 != digest:
        raise Failure(
            code=Code.IDEMPOTENCY_CONFLICT,
            message=f"The Idempotency-Key belongs to {job.job_id}, which was sent with another body.",
        )
    return job.job_id
