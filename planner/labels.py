"""The filtergraph of one command: a label for every track, splits where one is read twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from operators.filtergraph import Filter, render_chain
from operators.media import Kind
from planner.sources import Sources
from planner.wiring import Track, Wire

_SPLIT = {Kind.VIDEO: "split", Kind.AUDIO: "asplit"}
_SINK = {Kind.VIDEO: "nullsink", Kind.AUDIO: "anullsink"}


@dataclass(kw_only=True)
class Labels:
    """Unique labels from node ids; a track that is read more than once is split."""

    wires: Sequence[Wire]
    uses: Mapping[Track, int]
    sources: Sources
    waits: Sequence[str]
    """The measuring steps that the filters take values from."""
    given_out: Counter[Track] = field(default_factory=Counter)
    made: set[Track] = field(init=False)
    filtered: Counter[Track] = field(init=False)
    """How often filters read a track; an output maps an input's stream without the graph."""

    def __post_init__(self) -> None:
        self.made = {track for w in self.wires for track in w.outputs}
        self.filtered = Counter(track for w in self.wires for track in w.inputs)

    def render(self) -> str:
        chains: list[str] = []
        for track in self.filtered:
            if track not in self.made:
                chains += self._fork(track, self.sources.specifier(track), self.filtered[track])
        for w in self.wires:
            inputs = [self._take(track) for track in w.inputs]
            outputs = [track.label for track in w.outputs]
            chains.append(render_chain(inputs, w.filters, outputs))
            for track in w.outputs:
                chains += self._fork(track, track.label, self.uses.get(track, 0))
        return ";".join(chains)

    def _fork(self, track: Track, source: str, count: int) -> list[str]:
        if count == 0:
            return [render_chain([source], [Filter(_SINK[track.kind])], [])]
        if count == 1:
            return []
        copies = [f"{track.label}_{number}" for number in range(1, count + 1)]
        return [f"[{source}]{_SPLIT[track.kind]}={count}" + "".join(f"[{c}]" for c in copies)]

    def _take(self, track: Track) -> str:
        """The next unused label of a track."""
        is_made = track in self.made
        if (self.uses if is_made else self.filtered)[track] <= 1:
            return track.label if is_made else self.sources.specifier(track)
        self.given_out[track] += 1
        return f"{track.label}_{self.given_out[track]}"

    def map_option(self, track: Track) -> str:
        """The argument of `-map` for a track."""
        return f"[{self._take(track)}]" if track in self.made else self.sources.specifier(track)
