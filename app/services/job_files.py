"""Do the files of a job collide, as its destinations are found on this machine's disks?

Links make one file of two names, so names are followed. Asked when a job is planned, and again
before its outputs appear.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.engine.storage import local
from operators.problem import Code, Invalid, Problem, pointer
from planner.files import Written, collisions, written_by
from planner.uri import is_remote, parse_uri


def checked(plan: dict[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """The plan of a spec, if its files do not collide. Raises: Invalid."""
    if found := problems(spec, plan):
        raise Invalid(found)
    return plan


def problems(spec: Mapping[str, Any], plan: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the destinations of a valid spec, one problem for each output."""
    sources = {given["id"]: given["source"] for given in spec["inputs"]}
    written = list(_written(spec, plan))
    found = collisions(sources, written, _read, _write)
    known = {problem.pointer for problem in found}
    return found + [one for one in _obstacles(written) if one.pointer not in known]


def _written(spec: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[Written]:
    nodes = {node["id"]: node for node in plan["nodes"]}
    indexes = {name for step in plan["steps"] for name in step["files"]}
    for index, given in enumerate(spec["outputs"]):
        images = nodes[f"output_{index}"]["params"].get("images")
        has_index = f"out{index}.vtt" in indexes
        yield from written_by(index, given["destination"], images, has_index)


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
