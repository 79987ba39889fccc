"""Probe the inputs of a job, five at a time; every problem at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from app import settings
from app.engine import probe, tools
from app.engine.storage import local
from app.errors import Failure
from operators.media import MediaInfo
from operators.problem import Code, Invalid, Problem, pointer
from planner.plan import needed_inputs
from planner.spec import InputSpec, JobSpec

_AT_ONCE = 5


def probe_inputs(spec: JobSpec, tenant_id: str) -> dict[str, MediaInfo]:
    """MediaInfo of every input that something needs, by id. Raises: Invalid."""
    roots, needed = settings.current().roots(tenant_id), needed_inputs(spec)

    def look(numbered: tuple[int, InputSpec]) -> MediaInfo | Problem:
        index, given = numbered
        try:
            return probe_source(given.source, roots)
        except Failure as failure:
            return Problem(
                code=failure.code,
                pointer=pointer("inputs", index, "source"),
                message=failure.message or failure.meaning.message,
                suggestion=failure.suggestion or failure.meaning.remedy,
            )

    wanted = [(index, given) for index, given in enumerate(spec.inputs) if given.id in needed]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(look, wanted))
    problems = [result for result in found if isinstance(result, Problem)]
    if problems:
        raise Invalid(problems)
    pairs = zip(wanted, found, strict=True)
    return {given.id: info for (_, given), info in pairs if isinstance(info, MediaInfo)}


@retry(
    # a killed ffprobe says nothing about the file
    retry=retry_if_exception(lambda e: isinstance(e, Failure) and e.code is Code.FFMPEG_CRASHED),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.2, max=2),
    reraise=True,
)
def probe_source(uri: str, roots: Sequence[str]) -> MediaInfo:
    """MediaInfo of one source. Raises: Failure."""
    return probe.probe(local.locate_source(uri, roots), tools.find(settings.current()))
