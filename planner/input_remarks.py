"""What is worth saying about inputs: tracks that are left out, files that are not what they are called."""

from collections.abc import Iterable, Mapping

from operators.media import FLOWING, Kind, MediaInfo
from operators.problem import Code, Problem
from planner.codecs import container_of
from planner.graph import Graph
from planner.spec import InputSpec


def input_remarks(graph: Graph, probed: Mapping[str, MediaInfo]) -> list[Problem]:
    """Warnings about the inputs that are used."""
    found: list[Problem] = []
    for node in graph.sources.values():
        info = probed[node.spec.id]
        for code, said in (*_left_out(info), *_misnamed(node.spec, info)):
            found.append(Problem(code=code, pointer=f"{node.at}/source", message=said))
    return found


def _left_out(info: MediaInfo) -> Iterable[tuple[Code, str]]:
    for kind in FLOWING:
        streams = info.streams(kind)
        for number, stream in enumerate(streams):
            if not stream.is_decodable and any(other.is_decodable for other in streams):
                name = f"{kind} {'track' if kind is Kind.AUDIO else 'stream'} {number}"
                yield (
                    Code.UNSUPPORTED_CODEC,
                    f"{name} ({stream.codec or 'unknown'}) cannot be decoded and is left out",
                )


def _misnamed(given: InputSpec, info: MediaInfo) -> Iterable[tuple[Code, str]]:
    named = container_of(given.source)
    if info.is_still and named and not named.is_image and named.name != "gif":
        kind = (info.format or "picture").removesuffix("_pipe")
        yield Code.INVALID_INPUT, f"the file is a still picture ({kind}), whatever its name says"
