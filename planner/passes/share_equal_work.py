"""Do equal work once: one file that is given twice is opened once, and filters that do the same to
the same streams run once, however the spec came to ask for it twice."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from operators.filtergraph import Captions, Filter
from planner.draft import Draft
from planner.graph import Graph
from planner.wiring import Track, Wire, measured_in


@dataclass(frozen=True, kw_only=True)
class ShareEqualWork:
    """Give equal tracks one name. Sources without inputs (silence, black) are cheaper made twice."""

    name: ClassVar[str] = "share_equal_work"

    def __call__(self, draft: Draft) -> Draft:
        files = _files(draft.graph)
        same: dict[Track, Track] = {}
        made: dict[object, Wire] = {}
        wires: list[Wire] = []

        def known(track: Track) -> Track:
            file = files.get(track.node, track.node)
            return same.get(track) or (track if file == track.node else replace(track, node=file))

        for w in draft.wires:
            wire = w.reading(tuple(map(known, w.inputs)))
            is_final = w.node in draft.graph.sinks
            first = made.setdefault(_work(draft.graph, files, wire), wire)
            if first is wire or not w.inputs or is_final:
                wires.append(wire)
            else:
                same |= dict(zip(w.outputs, first.outputs, strict=True))
        return replace(
            draft,
            wires=tuple(wires),
            measures=tuple(m.reading(tuple(map(known, m.inputs))) for m in draft.measures),
            outputs={
                name: tuple(replace(o, track=known(o.track)) for o in tracks)
                for name, tracks in draft.outputs.items()
            },
        )


def _files(graph: Graph) -> dict[str, str]:
    """Input nodes by the first node that has the same file."""
    first: dict[str, str] = {}
    return {node.id: first.setdefault(node.spec.source, node.id) for node in graph.sources.values()}


def _work(graph: Graph, files: Mapping[str, str], w: Wire) -> object:
    """What a wire does, to what: equal for wires that make the same."""
    operation = graph.operations.get(w.node)
    kinds = tuple(track.kind for track in w.outputs)
    if operation and (measured_in(w) or any(map(_has_captions, w.filters))):
        # values of its own measuring pass, or of a file that is read beside the graph
        read = tuple(files.get(edge.source, edge.source) for edge in graph.into(w.node))
        operator = operation.spec.operator
        asked = json.dumps(operator.params(), sort_keys=True)  # may hold objects: no hash
        return w.inputs, w.filters, kinds, operator.name, asked, read
    return w.inputs, w.filters, kinds


def _has_captions(one: Filter) -> bool:
    return any(isinstance(value, Captions) for _, value in one.options)
