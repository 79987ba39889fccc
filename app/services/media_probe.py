"""Probe the inputs of a job, five at a time; every problem at once."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from app import settings
from app.engine import ffprobe, probe, tools
from app.engine.storage import local
from app.engine.storage.fetch import Tick
from app.errors import Failure, from_problems
from app.services import remote_probe
from app.services.policy import policy_for
from operators.media import MediaInfo
from operators.problem import Code, Invalid, Problem, pointer
from planner.make_plan import needed_inputs
from planner.spec import InputSpec, JobSpec
from planner.uri import is_remote

_AT_ONCE = 5
PATIENCE_S = 30.0
"""So long a request waits for bytes from elsewhere."""


def probe_inputs(
    spec: JobSpec, tenant_id: str, tick: Tick = lambda _: None, within_s: float = PATIENCE_S
) -> dict[str, MediaInfo]:
    """MediaInfo of every input that something needs, by id. `tick` is called while bytes travel
    and files are read.

    Raises: Invalid; Failure where all that is wrong may heal by itself; whatever `tick` raises.
    """
    needed = needed_inputs(spec)
    failures: list[Failure] = []

    def look(numbered: tuple[int, InputSpec]) -> MediaInfo | Problem:
        index, given = numbered
        try:
            return probe_source(given.source, tenant_id, tick, within_s)
        except Failure as failure:
            failures.append(failure)
            return input_problem(failure, index)

    wanted = [(index, given) for index, given in enumerate(spec.inputs) if given.id in needed]
    if len(wanted) > 1:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(look, wanted))
    else:
        found = list(map(look, wanted))
    problems = [result for result in found if isinstance(result, Problem)]
    if problems and all(failure.is_retryable for failure in failures):
        raise _transient(problems, failures)
    if problems:
        raise Invalid(problems)
    pairs = zip(wanted, found, strict=True)
    return {given.id: info for (_, given), info in pairs if isinstance(info, MediaInfo)}


def probe_now(uri: str, tenant_id: str) -> MediaInfo:
    """MediaInfo of a source that a request waits for. Raises: Failure."""
    problems = policy_for(tenant_id).check_source(uri, "/source")
    if problems:
        raise from_problems(problems)
    return probe_source(uri, tenant_id, soon())


def soon() -> Tick:
    """A tick that gives up when somebody has waited long enough."""
    deadline = time.monotonic() + PATIENCE_S

    def tick(_: int) -> None:
        if time.monotonic() > deadline:
            raise Failure(
                code=Code.TIMEOUT,
                message=f"Reading the source took more than {PATIENCE_S:.0f} s.",
                suggestion="Submit the job: it has more time.",
            )

    return tick


def input_problem(failure: Failure, index: int) -> Problem:
    """What is wrong with an input, with a pointer to it."""
    return Problem(
        code=failure.code,
        pointer=pointer("inputs", index, "source"),
        message=failure.message or failure.meaning.message,
        suggestion=failure.suggestion or failure.meaning.remedy,
    )


def _transient(problems: Sequence[Problem], failures: Sequence[Failure]) -> Failure:
    """All that went wrong may heal by itself."""
    found = from_problems(problems)
    found.retry_after = max((f.retry_after for f in failures if f.retry_after), default=None)
    return found


@retry(
    # a killed ffprobe says nothing about the file
    retry=retry_if_exception(lambda e: isinstance(e, Failure) and e.code is Code.FFMPEG_CRASHED),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.2, max=2),
    reraise=True,
)
def probe_source(
    uri: str, tenant_id: str, tick: Tick = lambda _: None, within_s: float = PATIENCE_S
) -> MediaInfo:
    """MediaInfo of one source of a tenant; a remote one must be read `within_s`. Raises: Failure."""
    with ffprobe.attended(tick):
        if is_remote(uri):
            return remote_probe.probe(uri, tenant_id, tick, within_s)
        path = local.locate_source(uri, settings.current().roots(tenant_id))
        return probe.probe(path, tools.find(settings.current()))
