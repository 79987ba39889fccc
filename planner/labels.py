"""The filtergraphs of one command: a label for every track, splits where one is read twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from operators.filtergraph import Filter, render_chain
from operators.media import AudioStream, Kind, VideoStream
from operators.sound import layout_of
from planner.sources import Sources
from planner.unions import Unions
from planner.wiring import Track, Wire

_SPLIT = {Kind.VIDEO: "split", Kind.AUDIO: "asplit"}
_SINK = {Kind.VIDEO: "nullsink", Kind.AUDIO: "anullsink"}


@dataclass(kw_only=True)
class Labels:
    """Unique labels from node ids; a track that is read more than once is split.

    What hangs together is a graph of its own: FFmpeg runs each in a thread, and none waits for
    another. A file's stream may be read by any number of filters without a split.
    """

    wires: Sequence[Wire]
    uses: Mapping[Track, int]
    sources: Sources
    waits: Sequence[str]
    """The measuring steps that the filters take values from."""
    given_out: Counter[Track] = field(default_factory=Counter)
    made: set[Track] = field(init=False)
    shared: Counter[Track] = field(init=False)
    """Streams of files that are split all the same: FFmpeg turns them upright at every reader."""

    def __post_init__(self) -> None:
        self.made = {track for w in self.wires for track in w.outputs}
        read = Counter(track for w in self.wires for track in w.inputs)
        self.shared = Counter(
            {track: read[track] for track in read if self.sources.is_turned(track)}
        )

    def render(self) -> list[str]:
        """The graphs, each in the order of its first filter."""
        joined: Unions[Track] = Unions()
        for w in self.wires:
            joined.join([*w.outputs, *(t for t in w.inputs if t in self.made or t in self.shared)])
        graphs: dict[Track, list[str]] = {}
        for track, count in self.shared.items():
            split = self._fork(track, self.sources.specifier(track), count)
            graphs.setdefault(joined.find(track), []).extend(split)
        for w in self.wires:
            chains = graphs.setdefault(joined.find(w.outputs[0]), [])
            chains += self._chains(w)
            for track in w.outputs:
                chains += self._fork(track, track.label, self.uses.get(track, 0))
        return [";".join(chains) for chains in graphs.values()]

    def _chains(self, w: Wire) -> list[str]:
        """The filters of a wire, behind those that keep its pictures steady."""
        outputs = [track.label for track in w.outputs]
        steady = [self._steady(track) for track in w.inputs]
        inputs = [self._take(track) for track in w.inputs]
        if len(inputs) == 1:
            return [render_chain(inputs, (*steady[0], *w.filters), outputs)]

        chains: list[str] = []
        for place, filters in enumerate(steady):
            if filters:
                name = f"{outputs[0]}_i{place}"
                chains.append(render_chain([inputs[place]], filters, [name]))
                inputs[place] = name
        return [*chains, render_chain(inputs, w.filters, outputs)]

    def _fork(self, track: Track, source: str, count: int) -> list[str]:
        if count == 0:
            return [render_chain([source], [Filter(_SINK[track.kind])], [])]
        if count == 1:
            return []
        copies = [f"{track.label}_{number}" for number in range(1, count + 1)]
        fork = Filter.of(_SPLIT[track.kind], outputs=count)
        steady = () if track in self.made else self.sources.steady(track)
        return [render_chain([source], [*steady, *self._pinned(track), fork], copies)]

    def _pinned(self, track: Track) -> list[Filter]:
        """The format of a track that is split: else FFmpeg converts it, before the split, to what
        one of its readers asks for, and the others get that too."""
        stream = self.sources.draft.stream(track)
        if isinstance(stream, VideoStream) and stream.pixel_format:
            return [Filter.of("format", pix_fmts=stream.pixel_format)]
        if isinstance(stream, AudioStream):
            layout = layout_of(stream)
            return [Filter.of("aformat", sample_rates=stream.sample_rate, channel_layouts=layout)]
        return []

    def _steady(self, track: Track) -> tuple[Filter, ...]:
        """The filter that a file's picture needs before all others, unless it is split behind it."""
        is_behind = track in self.made or self.shared[track] > 1
        return () if is_behind else self.sources.steady(track)

    def _take(self, track: Track) -> str:
        """The next unused label of a track."""
        is_made = track in self.made
        if (self.uses if is_made else self.shared)[track] <= 1:
            return track.label if is_made else self.sources.specifier(track)
        self.given_out[track] += 1
        return f"{track.label}_{self.given_out[track]}"

    def map_option(self, track: Track) -> str:
        """The argument of `-map` for a track."""
        return f"[{self._take(track)}]" if track in self.made else self.sources.specifier(track)
