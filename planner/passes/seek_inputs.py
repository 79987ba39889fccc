"""Begin to read a file where the first thing that is needed of it lies.

What a cut at the head of a chain throws away need not be decoded. The filters stay as they are:
what is read keeps its times, so a cut is as exact as before. Parts of one file that lie far apart
are read apart.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from operators.media import Kind
from planner.codecs import SOUGHT
from planner.draft import Draft, Reading
from planner.wiring import Track, Wire

_START = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class _Use:
    """A part of a file that is read: by which wire, if not by an output itself; `end` None: to the
    file's end. What is cheap to read or cannot be sought counts as if only the start was read."""

    wire: int | None
    start: Fraction = _START
    end: Fraction | None = _START


@dataclass(frozen=True, kw_only=True)
class SeekInputs:
    """Set `seeks`, and give parts that lie far apart readings of their own."""

    name: ClassVar[str] = "seek_inputs"
    lead_in: Fraction = Fraction(1, 2)
    """Seconds that are read before a cut: decoders of sound need some packets to come into step."""
    gap: Fraction = Fraction(10)
    """Seconds that are rather decoded and thrown away than skipped by opening the file again."""

    def __call__(self, draft: Draft) -> Draft:
        wires = list(draft.wires)
        seeks: dict[Reading, Fraction] = {}
        uses = _uses(draft)
        latest = dict(sorted(uses))
        for reading, parts in uses.items():
            own = reading
            for cluster in _clusters(parts, self.gap):
                if cluster[0].start > self.lead_in:
                    seeks[own] = cluster[0].start - self.lead_in
                for use in cluster:
                    if use.wire is not None:
                        wires[use.wire] = _moved(wires[use.wire], reading, own)
                latest[reading[0]] += 1
                own = (reading[0], latest[reading[0]])
        return replace(draft, wires=tuple(wires), seeks=seeks)


def _uses(draft: Draft) -> dict[Reading, list[_Use]]:
    """Who reads files, and which part of them."""
    found: dict[Reading, list[_Use]] = {}

    def add(track: Track, use: _Use) -> None:
        if track.node in draft.graph.sources and not track.is_inner:
            is_sought = use.wire is None or track.kind in _exact(draft, track.node)
            part = use if is_sought else _Use(wire=use.wire)
            found.setdefault((track.node, track.reading), []).append(part)

    for number, w in enumerate(draft.wires):
        for position, track in enumerate(w.inputs):
            start = w.ahead[position] if w.ahead else _START
            add(track, _Use(wire=number, start=start, end=w.end))
    for measure in draft.measures:
        for track in measure.inputs:
            add(track, _Use(wire=None, end=None))
    for tracks in draft.outputs.values():
        for output in tracks:
            add(output.track, _Use(wire=None, end=_START if output.encoded.is_copied else None))
    return found


def _exact(draft: Draft, name: str) -> Set[Kind]:
    spec = draft.graph.sources[name].spec
    return SOUGHT.get(draft.probed[spec.id].format or "", frozenset())


def _clusters(parts: Sequence[_Use], gap: Fraction) -> list[list[_Use]]:
    """Parts by what is better read in one go, each cluster and the clusters by their start."""
    clusters: list[list[_Use]] = []
    reached: Fraction | None = _START
    for use in sorted(parts, key=lambda part: part.start):
        if not clusters or (reached is not None and use.start - reached > gap):
            clusters.append([])
            reached = _START
        clusters[-1].append(use)
        reached = None if reached is None or use.end is None else max(reached, use.end)
    return clusters


def _moved(w: Wire, reading: Reading, own: Reading) -> Wire:
    def moved(track: Track) -> Track:
        is_ours = (track.node, track.reading) == reading and not track.is_inner
        return replace(track, reading=own[1]) if is_ours else track

    return w.reading(tuple(map(moved, w.inputs)))
