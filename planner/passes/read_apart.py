"""Open a file once more where one reading of it would have to wait in memory, or for ever.

A filter that joins two streams of one file reads both in step. If one is far ahead of the other (a
file that follows itself in a concat, a clip overlaid on a later part of itself), the frames in
between would pile up, uncompressed. Then the stream that is behind is made again, from a reading of
its own.

Outputs join their tracks as well, and FFmpeg writes all outputs of a command in step: it stops the
filters of a stream that is ahead. If the decoder that feeds them is to feed one that is behind too,
all wait for ever (FFmpeg 9: a raised frame rate beside loudnorm, which reads 3 s before it writes). So
they do, now and then, where files in a row are read for one output, and one of these files for another.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import ClassVar

from planner.draft import Draft, Reading
from planner.wiring import Track, Wire

_NOW = 0

Span = tuple[int, int]
Ahead = Mapping[Reading, Span]
"""By file, how far ahead of a track it is read, in µs: least and most, over the ways that lead there.
Whole numbers: there are as many as files times tracks."""


@dataclass(frozen=True, kw_only=True)
class ReadApart:
    """Make again whatever is read out of step."""

    name: ClassVar[str] = "read_apart"
    patience_us: int = 500_000
    """Of frames that may wait."""

    def __call__(self, draft: Draft) -> Draft:
        apart = _Apart(draft=draft, patience=self.patience_us, most=4 * len(draft.wires) + 100)
        for w in draft.wires:
            apart.add(w)
        outputs = {}
        met: Ahead = {}
        among_others = apart.in_rows([o.track for tracks in draft.outputs.values() for o in tracks])
        for name, tracks in draft.outputs.items():
            steps = [(among_others.get(o.track, o.track), _NOW) for o in tracks]
            chosen, met = apart.in_step(name, steps, met)
            outputs[name] = tuple(replace(o, track=t) for o, t in zip(tracks, chosen, strict=True))
        return replace(draft, wires=tuple(apart.wires), outputs=outputs)


@dataclass(kw_only=True)
class _Apart:
    draft: Draft
    patience: int
    most: int
    """How many wires there may be at most: beyond, frames wait after all."""
    wires: list[Wire] = field(default_factory=list)
    places: dict[Track, int] = field(default_factory=dict)
    known: dict[Track, Ahead] = field(default_factory=dict)
    numbers: dict[object, int] = field(default_factory=dict)

    def add(self, w: Wire) -> None:
        chosen, ahead = self.in_step(w.node, list(zip(w.inputs, _skips(w), strict=True)), {})
        self._append(w.reading(tuple(chosen)), ahead)

    def in_step(
        self, node: str, steps: Sequence[tuple[Track, int]], met: Ahead
    ) -> tuple[list[Track], Ahead]:
        """The tracks that a node joins, those made again that are out of step with `met` or the
        first; and where all of them read."""
        chosen = []
        for track, skipped in steps:
            mine = self._ahead(track, skipped)
            late = [reading for reading in mine if _distance(met, mine, reading) > self.patience]
            if late:
                track = self._again(track, (node, mine[late[0]]))
                mine = self._ahead(track, skipped)
            met = _merged(met, mine)
            chosen.append(track)
        return chosen, met

    def in_rows(self, tracks: Iterable[Track]) -> dict[Track, Track]:
        """Those that files in a row are read for, made again where something else reads such a file."""
        rows = {track: self._rows(track) for track in tracks}
        readers: defaultdict[Reading, set[frozenset[str]]] = defaultdict(set)
        for track, nodes in rows.items():
            for reading in self._ahead(track, _NOW):
                readers[reading].add(nodes)
        return {
            track: self._again(track, nodes)
            for track, nodes in rows.items()
            if nodes and any(len(readers[reading]) > 1 for reading in self._ahead(track, _NOW))
        }

    def _rows(self, track: Track) -> frozenset[str]:
        """The nodes that read one input after the other for a track."""
        wires = (self.wires[place] for place in self._cone(track))
        return frozenset(
            w.node for w in wires if w.ahead and _us(max(w.ahead) - min(w.ahead)) > self.patience
        )

    def _append(self, w: Wire, ahead: Ahead) -> None:
        self.places |= dict.fromkeys(w.outputs, len(self.wires))
        self.known |= dict.fromkeys(w.outputs, ahead)
        self.wires.append(w)

    def _ahead(self, track: Track, skipped: int) -> Ahead:
        if track in self.places:
            found = self.known[track]
            if not skipped:
                return found
            return {name: (a + skipped, b + skipped) for name, (a, b) in found.items()}
        source = self.draft.graph.sources.get(track.node)
        if source and self.draft.probed[source.spec.id].is_still:
            return {}  # one frame, which may wait
        return {(track.node, track.reading): (skipped, skipped)}

    def _again(self, track: Track, why: object) -> Track:
        """The same track from readings of its own; picture and sound of one cause share them."""
        cone = self._cone(track)
        if len(self.wires) + len(cone) > self.most:
            return track

        def renamed(old: Track) -> Track:
            if old not in self.places and not self._ahead(old, _NOW):
                return old
            number = self.numbers.setdefault((why, old.reading), len(self.numbers) + 1)
            return replace(old, reading=number)

        for w in [self.wires[place] for place in cone]:
            outputs = tuple(map(renamed, w.outputs))
            if outputs[0] in self.places:
                continue
            again = replace(w, inputs=tuple(map(renamed, w.inputs)), outputs=outputs)
            ahead: Ahead = {}
            for source, skipped in zip(again.inputs, _skips(w), strict=True):
                ahead = _merged(ahead, self._ahead(source, skipped))
            self._append(again, ahead)
        return renamed(track)

    def _cone(self, track: Track) -> list[int]:
        """Where the wires are that a track is made by, in order."""
        found: set[int] = set()
        waiting = [track]
        while waiting:
            place = self.places.get(waiting.pop())
            if place is not None and place not in found:
                found.add(place)
                waiting += self.wires[place].inputs
        return sorted(found)


def _skips(w: Wire) -> list[int]:
    """How far each input is read ahead of the outputs."""
    if not w.ahead:
        return [_us(w.delay)] * len(w.inputs)
    return [_us(skipped + w.delay) for skipped in w.ahead]


def _us(seconds: Fraction) -> int:
    return round(seconds * 1_000_000)


def _merged(one: Ahead, other: Ahead) -> dict[Reading, Span]:
    if not one:
        return dict(other)
    found = dict(one)
    for reading, (low, high) in other.items():
        if reading in found:
            least, most = found[reading]
            found[reading] = min(least, low), max(most, high)
        else:
            found[reading] = low, high
    return found


def _distance(one: Ahead, other: Ahead, reading: Reading) -> int:
    if reading not in one:
        return _NOW
    (low, high), (least, most) = one[reading], other[reading]
    return max(high, most) - min(low, least)
