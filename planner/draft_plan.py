"""The draft of a plan before it is optimised: every node a step of its own, every output encoded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from operators.capabilities import Cut
from operators.contract import remark
from operators.media import MediaInfo
from operators.problem import Invalid, Problem
from planner.analysis import Analysis
from planner.draft import Draft, one_group_a_node
from planner.encode import Encoding, encode
from planner.findings import Findings
from planner.graph import Graph, Sink, build_graph
from planner.infer import Inferred, infer
from planner.input_remarks import input_remarks
from planner.joins import joins, kept_sound, untouched
from planner.keyframes import copied_cut
from planner.spec import JobSpec, LimitsSpec
from planner.traces import clipping
from planner.wiring import Joined, OutputTrack, Wire, finish, wire


def needed_graph(graph: Graph) -> Graph:
    """The graph less what no output needs."""
    needed = set(graph.sinks)
    for name in reversed(graph.order):
        if name in needed:
            needed.update(edge.source for edge in graph.into(name))
    return graph.without(node.id for node in graph.nodes if node.id not in needed)


def draft_plan(
    spec: JobSpec, probed: Mapping[str, MediaInfo], limits: LimitsSpec
) -> tuple[Draft, list[Problem]]:
    """The naive plan, one step per node, and warnings. Raises: Invalid."""
    graph = needed_graph(build_graph(spec))
    inferred = infer(graph, probed, limits)
    if inferred.problems:
        raise Invalid(inferred.problems)

    wiring = wire(graph, inferred, probed)
    analysis = Analysis(graph=graph, probed=probed, inferred=inferred, wiring=wiring)
    joined = joins(analysis)
    found = {node.id: Findings(at=node.at) for node in graph.sinks.values()}
    outputs = dict(_outputs(analysis, joined, found))
    if problems := [problem for one in found.values() for problem in one.problems]:
        raise Invalid(problems)

    draft = Draft(
        graph=graph,
        probed=probed,
        inferred=inferred,
        wires=(*wiring.wires, *(w for output in outputs.values() for w in output.finishing)),
        measures=wiring.measures,
        joined=joined,
        outputs={name: output.tracks for name, output in outputs.items()},
        encodings={name: output.encoding for name, output in outputs.items()},
        groups=one_group_a_node(graph),
        cuts={o.tracks[0].track.reading: o.cut for o in outputs.values() if o.cut},
    )
    warnings = [*input_remarks(graph, probed), *_remarks(graph, inferred)]
    return draft, warnings + [warning for one in found.values() for warning in one.warnings]


@dataclass(frozen=True, kw_only=True)
class _OutputDraft:
    """An output: its streams, how they are encoded, the filters that only it needs. `cut`: the part of
    a file that it is a copy of."""

    tracks: tuple[OutputTrack, ...]
    encoding: Encoding
    finishing: tuple[Wire, ...] = ()
    cut: Cut | None = None


def _outputs(
    analysis: Analysis, joined: Mapping[str, Joined], found: Mapping[str, Findings]
) -> Iterable[tuple[str, _OutputDraft]]:
    """The outputs that can be encoded; `found` takes what is wrong with the others."""
    loud = clipping(analysis.graph)
    for node in analysis.graph.sinks.values():
        is_loud = node.id in loud
        output = _copied(analysis, node) or _encoded(
            analysis, joined, node, found[node.id], is_loud
        )
        if output:
            yield node.id, output


def _copied(analysis: Analysis, node: Sink) -> _OutputDraft | None:
    """The output as a part of a file, if nothing of it must be encoded."""
    (read,) = analysis.tracks_of(node.id)
    (selection,) = analysis.inferred.sources[node.id]
    part = copied_cut(analysis, node, read)
    if part is None:
        return None
    _, tracks = finish(node.id, part.tracks, selection.picked, part.encoding)
    return _OutputDraft(tracks=tuple(tracks), encoding=part.encoding, cut=part.cut)


def _encoded(
    analysis: Analysis, joined: Mapping[str, Joined], node: Sink, findings: Findings, is_loud: bool
) -> _OutputDraft | None:
    (read,) = analysis.tracks_of(node.id)
    (selection,) = analysis.inferred.sources[node.id]
    stored = untouched(analysis, joined, read, selection.picked)
    kept = kept_sound(analysis.probed, joined, read, selection.picked)
    encoding = encode(node.spec, selection, stored, findings, kept, may_clip=is_loud)
    if encoding is None:
        return None
    finishing, tracks = finish(node.id, read, selection.picked, encoding)
    return _OutputDraft(tracks=tuple(tracks), encoding=encoding, finishing=tuple(finishing))


def _remarks(graph: Graph, inferred: Inferred) -> list[Problem]:
    """What the operations warn of."""
    nodes = graph.operations.values()
    mixed = [
        remark(
            "",
            f"{node.spec.operator.name} keeps both fields of interlaced pictures in whole frames: put deinterlace before it",
        ).below(node.at)
        for node in nodes
        if _mixes_fields(inferred, node.id)
    ]
    return mixed + [
        problem.below(f"{node.at}/params" if problem.pointer else node.at)
        for node in nodes
        for problem in node.spec.operator.remarks(
            [selection.info for selection in inferred.sources[node.id]]
        )
    ]


def _mixes_fields(inferred: Inferred, node_id: str) -> bool:
    """Whether interlaced pictures go in, and others come out that nobody has deinterlaced."""
    sources = [v for selection in inferred.sources[node_id] for v in selection.info.video[:1]]
    made = inferred.media[node_id].video[:1]
    is_lost = any(v.field_order != "progressive" and not v.is_interlaced for v in made)
    return is_lost and any(v.is_interlaced for v in sources)
