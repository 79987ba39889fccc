"""The planner's policy and options, made from settings for one tenant."""

from app import settings
from app.engine import tools
from app.store import costs, workers
from app.store.session import transaction
from planner.costs import Costs
from planner.draft import Fleet
from planner.make_plan import Options
from planner.policy import Policy
from planner.spec import JobSpec, LimitsSpec


def policy_for(tenant_id: str) -> Policy:
    """What this server allows a tenant."""
    now = settings.current()
    return Policy(
        roots=now.roots(tenant_id),
        prefixes=now.prefixes(tenant_id),
        allows_private=now.allow_private_networks,
        timeout=now.default_timeout,
        max_duration=now.limit_duration,
        max_resolution=now.limit_resolution,
        max_output_size=now.limit_output_bytes,
        max_memory=now.limit_memory_bytes,
    )


def limits_for(tenant_id: str, asked: LimitsSpec) -> LimitsSpec:
    """The limits that hold for a job of the tenant that asks for these itself."""
    return policy_for(tenant_id).tightened(asked)


def options_for(
    tenant_id: str, spec: JobSpec, learnt: Costs | None = None, fleet: Fleet | None = None
) -> Options:
    """What plans depend on beside spec and media; without `fleet`, for this machine alone."""
    now = settings.current()
    return Options(
        ffmpeg_version=tools.find(now).version,
        limits=limits_for(tenant_id, spec.limits),
        threads=now.ffmpeg_threads,
        is_optimised=now.plan_optimize,
        learnt=learnt or Costs(),
        fleet=fleet or Fleet(slots=now.slots, cores=now.command_cores, forks=now.plan_forks),
    )


def options_now(tenant_id: str, spec: JobSpec) -> Options:
    """The same with what the database knows: the workers that are there, and what work costs."""
    now = settings.current()
    with transaction() as session:
        learnt = costs.learnt(session)
        slots = workers.count_slots(session, float(now.stale_s))
    fleet = Fleet(slots=max(slots, 1), cores=now.command_cores, forks=now.plan_forks)
    return options_for(tenant_id, spec, learnt, fleet)
