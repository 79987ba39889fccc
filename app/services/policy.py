"""The planner's policy and options, made from settings for one tenant."""

from app import settings
from app.engine import tools
from planner.plan import Options
from planner.policy import Policy
from planner.spec import JobSpec


def policy_for(tenant_id: str) -> Policy:
    """What this server allows a tenant."""
    now = settings.current()
    return Policy(
        roots=now.roots(tenant_id),
        timeout=now.default_timeout,
        max_duration=now.limit_duration,
        max_resolution=now.limit_resolution,
        max_output_size=now.limit_output_bytes,
        max_memory=now.limit_memory_bytes,
    )


def options_for(tenant_id: str, spec: JobSpec) -> Options:
    """What plans on this server depend on beside spec and media."""
    now = settings.current()
    return Options(
        ffmpeg_version=tools.find(now).version,
        limits=policy_for(tenant_id).tightened(spec.limits),
        threads=now.ffmpeg_threads,
        is_optimised=now.plan_optimize,
    )
