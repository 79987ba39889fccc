"""Is an input still the file that the job was planned for? Of files in place; what is fetched is held.

A file that is still being copied, or that somebody writes to, would be encoded without a word.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.engine.storage import local
from app.errors import Failure
from app.redact import redact_tree
from app.services.step_run import Run
from operators.problem import Code
from planner.lower import listed_inputs
from planner.spec import JobSpec
from planner.uri import is_remote

_VERSION = "version"


def versions(spec: JobSpec, roots: tuple[str, ...]) -> dict[str, str]:
    """Of the inputs that are files here, by id; to be asked before they are probed."""
    found = {}
    for given in spec.inputs:
        if not is_remote(given.source):
            try:
                path = local.locate_source(given.source, roots)
                found[given.id] = local.version_of(path)
            except (Failure, OSError):
                continue  # probing says what is wrong with it
    return found


def noted(plan: dict[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """A plan that says which files it is for. It is shown, bundled and kept: what a URL is signed with
    stays in the spec alone, from which it is run."""
    for node in plan["nodes"]:
        if node["type"] in ("input", "output"):
            node["params"] = redact_tree(node["params"])
        name = node["id"].removeprefix("input_")
        if node["type"] == "input" and name in known:
            node["params"][_VERSION] = known[name]
    return plan


def check(run: Run) -> None:
    """Raises: Failure INPUT_CHANGED where an input of the step is not what was planned for."""
    for name, version in _planned(run):
        if _version_now(run.locate(name)) not in (None, version):
            raise Failure(
                code=Code.INPUT_CHANGED,
                message=f'Input "{name}" was written to after the job was planned.',
            )


def _version_now(path: str) -> str | None:
    """None where that cannot be said: whoever reads the file says why."""
    try:
        return local.version_of(path)
    except OSError:
        return None


def _planned(run: Run) -> Iterator[tuple[str, str]]:
    plan, step = run.attempt.job.plan, run.attempt.planned
    assert plan is not None
    read = {word for word in step["argv"] if word.startswith("{in:")}
    beside = set(listed_inputs(step["files"]))
    for node in plan["nodes"]:
        name = node["id"].removeprefix("input_")
        version = node["params"].get(_VERSION) if node["type"] == "input" else None
        if version and (f"{{in:{name}}}" in read or name in beside):
            yield name, version
