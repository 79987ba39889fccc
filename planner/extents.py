"""Which part of a file a plan reads: what lies elsewhere need not travel whole."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from planner.draft import Draft
from planner.graph import Source

Extent = tuple[Fraction, Fraction]
"""From and to, in seconds of the file."""
_MOST = Fraction(1, 2)
"""Of a file: whoever reads more of it reads it all."""


def extent_of(draft: Draft, nodes: Sequence[Source]) -> Extent | None:
    """The part of a source that is read through these inputs; None: all of it, or nearly."""
    known: list[Extent] = []
    length = Fraction(0)
    for node in nodes:
        length = max(length, draft.probed[node.spec.id].duration or Fraction(0))
        parts = list(_parts(draft, node.id, node.spec.id))
        if not parts or None in parts:
            return None
        known += [part for part in parts if part is not None]
    start, end = min(part[0] for part in known), max(part[1] for part in known)
    return (start, end) if end - start < length * _MOST else None


def _parts(draft: Draft, node: str, input_id: str) -> Iterator[Extent | None]:
    """What each reader of an input takes; None: to the end, or what is not known."""
    if any(input_id in joined.inputs for joined in draft.joined.values()):
        yield None
    for w in (*draft.wires, *draft.measures):
        for track in w.inputs:
            if track.node == node:
                begin = draft.seeks.get((node, track.reading), Fraction(0))
                yield None if w.end is None else (begin, w.end)
    for tracks in draft.outputs.values():
        for output in tracks:
            if output.track.node == node:
                cut = draft.cuts.get(output.track.reading)
                yield None if cut is None or cut.end is None else (cut.start, cut.end)
