"""Everything about a job in one zip, to be sent to somebody who helps; without secrets."""

import io
import json
import platform
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from app import settings
from app.engine import tools
from app.redact import redact_tree
from app.services import job_read
from app.services.failure_analysis import analyse
from app.services.job_view import show_job, show_log, show_steps
from app.services.stored_plan import plan_of
from app.store import attempts, jobs, steps
from app.store.session import transaction
from planner.plan.addresses import Addresses
from planner.script import as_script

_MOST_LINES = 10_000
_PACKAGES = ("media-pipeline", "celery", "kombu", "redis", "sqlalchemy", "flask")
_SHOWN_SETTINGS = (
    "ffmpeg_threads", "media_slots", "plan_optimize", "plan_forks", "limit_duration", "limit_resolution",
    "limit_output_bytes", "limit_memory_bytes", "limit_concurrent_jobs", "default_timeout", "max_failures",
    "retry_base_s", "retry_max_s", "stall_timeout_s", "lease_s",
)  # fmt: skip
_README = """What is in this bundle

job.json        the job as the API shows it, with its error and its analysis
spec.json       what was asked for
plan.json       what was planned; run.sh runs the same commands without the service
probes.json     what the inputs were found to hold
steps.json      every step with every attempt: command, exit code, FFmpeg's last words
logs.jsonl      what happened, in words
versions.json   of the service, its packages, FFmpeg and the system
settings.json   limits and times that hold here

Queries and passwords of URLs were left out.
run.sh writes to the destinations of the job; put fonts that it needs into ./fonts.
"""


def bundle(job_id: str, tenant_id: str) -> bytes:
    """The zip. Raises: Failure JOB_NOT_FOUND."""
    with transaction() as session:
        job = job_read.find_job(session, job_id, tenant_id)
        rows, runs = steps.of_job(session, job_id), attempts.of_job(session, job_id)
        lines = jobs.logs(session, job_id, stage=None, level=None, after=0, limit=_MOST_LINES)
    spec = redact_tree(job.spec)
    files: dict[str, Any] = {
        "README.txt": _README,
        "job.json": redact_tree(show_job(job, rows, analysis=analyse(job, rows, runs))),
        "spec.json": spec,
        "steps.json": redact_tree(show_steps(rows, runs)),
        "logs.jsonl": "".join(json.dumps(redact_tree(show_log(line))) + "\n" for line in lines),
        "versions.json": _versions(),
        "settings.json": _settings(),
    }
    if job.plan:
        plan = plan_of(job)
        files["plan.json"] = redact_tree(plan.to_json())
        files["probes.json"] = {n: one.media_info.to_json() for n, one in plan.inputs.items()}
        files["run.sh"] = as_script(plan, Addresses.of(spec), "fonts")
    return _zip(job_id, files)


def _zip(job_id: str, files: Mapping[str, Any]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            text = (
                content if isinstance(content, str) else json.dumps(content, indent=2, default=str)
            )
            entry = zipfile.ZipInfo(f"{job_id}/{name}")
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            archive.writestr(entry, text)
    return packed.getvalue()


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in _PACKAGES}
    binaries = tools.find(settings.current())
    return {
        **found,
        "ffmpeg": binaries.version,
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _settings() -> dict[str, str]:
    now = settings.current()
    return {name.upper(): str(getattr(now, name)) for name in _SHOWN_SETTINGS}
