"""Do the files of a job collide, as its destinations are found on this machine's disks?

Links make one file of two names, so names are followed. Asked when a job is planned, and again
before its outputs appear.
"""

from collections.abc import Iterator

from app.engine.storage import local
from operators.problem import Code, Invalid, Problem, pointer
from planner.files import Written, collisions, written_by
from planner.plan import Plan
from planner.plan.addresses import Addresses
from planner.plan.files import sidecar_name
from planner.uri import is_remote, parse_uri


def checked(plan: Plan, addresses: Addresses) -> Plan:
    """The plan, if the job's files do not collide. Raises: Invalid."""
    if found := problems(addresses, plan):
        raise Invalid(found)
    return plan


def problems(addresses: Addresses, plan: Plan) -> list[Problem]:
    """What is wrong with the destinations of a valid spec, one problem for each output."""
    written = list(_written(addresses, plan))
    found = collisions(addresses.sources, written, _read, _write)
    known = {problem.pointer for problem in found}
    return found + [one for one in _obstacles(written) if one.pointer not in known]


def _written(addresses: Addresses, plan: Plan) -> Iterator[Written]:
    for index, destination in enumerate(addresses.destinations):
        has_sidecar = sidecar_name(index) in plan.sidecars
        yield from written_by(index, destination, plan.outputs[index].images, has_sidecar)


def _read(uri: str) -> frozenset[str]:
    return _named(uri) if is_remote(uri) else local.names_of(parse_uri(uri).path)


def _write(uri: str) -> frozenset[str]:
    return _named(uri) if is_remote(uri) else frozenset({local.place_of(parse_uri(uri).path)})


def _named(uri: str) -> frozenset[str]:
    return frozenset({str(parse_uri(uri))})


def _obstacles(written: list[Written]) -> Iterator[Problem]:
    """Destinations at which no file can appear. The first file of an output stands for its others."""
    firsts = {file.output: file for file in reversed(written) if not is_remote(file.uri)}
    for index, file in sorted(firsts.items()):
        if said := local.obstacle(parse_uri(file.uri).path):
            at = pointer("outputs", index, "destination")
            yield Problem(
                code=Code.INVALID_OUTPUT, pointer=at, message=said,
                suggestion="Choose another destination.",
            )  # fmt: skip
