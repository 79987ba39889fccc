"""Is an input still the file that the job was planned for? Of files in place; what is fetched is held.

A file that is still being copied, or that somebody writes to, would be encoded without a word.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.engine.storage import local
from app.errors import Failure
from app.redact import redact_tree
from app.services.step_run import Run
from operators.problem import Code
from planner.plan import InputNode, OutputNode, Plan, PlanNode
from planner.spec import JobSpec
from planner.uri import is_remote


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


def noted(plan: Plan, known: Mapping[str, str]) -> Plan:
    """A plan that says which files it is for. It is shown, bundled and kept: what a URL is signed with
    stays in the spec alone, from which it is run."""
    return plan.with_nodes(_noted(node, known) for node in plan.nodes)


def _noted(node: PlanNode, known: Mapping[str, str]) -> PlanNode:
    match node:
        case InputNode():
            return replace(
                node,
                source=redact_tree(node.source),
                metadata=redact_tree(dict(node.metadata)),
                version=known.get(node.input_id),
            )
        case OutputNode():
            return replace(
                node,
                destination=redact_tree(node.destination),
                metadata=redact_tree(dict(node.metadata)),
            )
    return node


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
    for name in run.command_step.inputs:
        version = run.attempt.plan.inputs[name].version
        if version:
            yield name, version
