"""What flows on every edge: MediaInfo from the inputs down to the last operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from operators.contract import BadParameters
from operators.media import MediaInfo
from operators.problem import Code, Problem
from planner import codecs
from planner.graph import Graph, Node, Operation, Sink, Source
from planner.select import Selection, decoded, describe, select
from planner.spec import InputSpec, LimitsSpec


@dataclass(kw_only=True)
class Inferred:
    """`media`: what each node hands on (an output node: what it is given); `sources`: what each
    node reads, input by input. Nodes behind a problem are missing."""

    media: dict[str, MediaInfo] = field(default_factory=dict)
    sources: dict[str, tuple[Selection, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def infer(graph: Graph, probed: Mapping[str, MediaInfo], limits: LimitsSpec) -> Inferred:
    """Walk the graph in order. `probed` is by input id. Problems of independent branches are
    all found; what follows from an earlier one is not reported again."""
    result = Inferred()
    for name in graph.order:
        node = graph.by_id[name]
        if isinstance(node, Source):
            info: MediaInfo | None = _input(node, probed[node.spec.id], limits, result)
        else:
            info = _reader(graph, node, result)
        if info is not None and _fits(info, limits, node, result):
            result.media[name] = info
    return result


def _input(node: Source, info: MediaInfo, limits: LimitsSpec, result: Inferred) -> MediaInfo | None:
    given = node.spec
    problem = _unlike_told(given, info) or _nothing_left(given, info)
    if problem is None:
        try:
            ready = decoded(info, given)
            problem = _too_long(ready, limits)
        except BadParameters as bad:
            problem = replace(bad.problems[0], pointer="/start_offset")
    if problem is None:
        return ready
    result.problems.append(problem.below(node.at))
    return None


def _unlike_told(given: InputSpec, info: MediaInfo) -> Problem | None:
    """A type or a format that the file has not."""
    has = {
        "video": bool(info.video) and not info.is_still,
        "audio": bool(info.audio),
        "image": info.is_still,
        "subtitle": bool(info.subtitles),
    }
    if given.type and not has[given.type]:
        said = "it is a still" if info.is_still else describe(info, given.id)
        return _bad_input("type", f"type is {given.type}, but {said}")
    demuxers = (info.format or "").split(",")
    if given.format and codecs.demuxer_of(given.format) not in demuxers:
        return _bad_input("format", f"format is {given.format}, but the file is {info.format}")
    return None


def _nothing_left(given: InputSpec, info: MediaInfo) -> Problem | None:
    length = info.duration
    if not info.duration_is_exact or length is None or given.start_offset < length or info.is_still:
        return None
    return _bad_input(
        "start_offset",
        f"nothing is left: the input lasts {float(length):g} s",
        "Choose an earlier start_offset.",
    )


def _too_long(ready: MediaInfo, limits: LimitsSpec) -> Problem | None:
    longest = limits.max_duration
    if ready.duration is not None and longest is not None and ready.duration > longest:
        return _bad_input(
            "source",
            f"lasts {float(ready.duration):g} s, more than {float(longest):g} s",
            "Use start_offset and duration to take a part of it.",
            Code.DURATION_TOO_LONG,
        )
    return None


def _bad_input(
    name: str, message: str, suggestion: str | None = None, code: Code = Code.INVALID_INPUT
) -> Problem:
    return Problem(code=code, pointer=f"/{name}", message=message, suggestion=suggestion)


def _reader(graph: Graph, node: Node, result: Inferred) -> MediaInfo | None:
    edges = graph.into(node.id)
    if any(edge.source not in result.media for edge in edges):
        return None  # its cause is reported already
    selections = []
    for edge in edges:
        at = _reference_pointer(node, edge.input_index, len(edges))
        chosen = select(result.media[edge.source], edge.reference, at)
        problem = (
            chosen
            if isinstance(chosen, Problem)
            else _missing_kind(node, chosen, edge.input_index, at)
        )
        if problem:
            result.problems.append(problem)
        elif isinstance(chosen, Selection):
            selections.append(chosen)
    if len(selections) < len(edges):
        return None
    result.sources[node.id] = tuple(selections)
    return _apply(node, [selection.info for selection in selections], result)


def _apply(node: Node, sources: Sequence[MediaInfo], result: Inferred) -> MediaInfo | None:
    if not isinstance(node, Operation):
        return sources[0]
    try:
        # subtitles stay with their file: whoever burns them in reads them there
        return replace(node.spec.operator.infer(sources), subtitles=())
    except BadParameters as bad:
        result.problems += [problem.below(f"{node.at}/params") for problem in bad.problems]
        return None


def _missing_kind(node: Node, chosen: Selection, position: int, at: str) -> Problem | None:
    if not isinstance(node, Operation):
        return None
    operator = node.spec.operator
    missing = operator.requires().needs(position) - chosen.info.kinds
    if not missing:
        return None
    name = node.spec.inputs[position].id
    return Problem(
        code=Code.INVALID_OPERATION,
        pointer=at,
        message=f"{operator.name} needs {' and '.join(sorted(missing))}, but {describe(chosen.info, name)}",
        suggestion=f"Give {operator.name} an input that has {' and '.join(sorted(missing))}.",
    )


def _reference_pointer(node: Node, position: int, count: int) -> str:
    if isinstance(node, Sink):
        return f"{node.at}/id"
    return f"{node.at}/input" if count == 1 else f"{node.at}/inputs/{position}"


def _fits(info: MediaInfo, limits: LimitsSpec, node: Node, result: Inferred) -> bool:
    most = limits.max_resolution
    for video in info.video[:1]:
        # a limit of 3840x2160 also admits the same picture upright
        long, short = max(video.width, video.height), min(video.width, video.height)
        if most and (long > max(most.width, most.height) or short > min(most.width, most.height)):
            result.problems.append(
                Problem(
                    code=Code.RESOLUTION_TOO_HIGH,
                    pointer=node.at,
                    message=f"the picture is {video.width}x{video.height}, more than {most}",
                    suggestion="Choose a smaller size, or ask for a higher limit.",
                )
            )
            return False
    return True
