"""From groups of nodes to steps: exact argv, filtergraph, dependencies.

Tokens that the executor fills in: `{in:src}` the local file of an input, `{work}` the attempt's own
folder, `{step:s1}` the folder of a finished step, `{out:0}` the work file of an output.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from operators.duration import format_seconds
from operators.filtergraph import Filter, render_chain
from operators.media import Kind, MediaInfo
from planner import codecs, safety
from planner.draft import Draft, Group
from planner.graph import NodeType
from planner.spec import InputSpec
from planner.wiring import OutputTrack, Track, Wire

# what every run needs: no questions, no status line, tagged log lines, progress on its own pipe
_GLOBAL = (
    "-hide_banner", "-nostdin", "-nostats", "-y",
    "-loglevel", "repeat+level+warning", "-progress", "pipe:1",
)  # fmt: skip
_SPLIT = {Kind.VIDEO: "split", Kind.AUDIO: "asplit"}
_SINK = {Kind.VIDEO: "nullsink", Kind.AUDIO: "anullsink"}


Crossing = Mapping[str, Sequence[Track]]
"""Per operation, its tracks that another step reads."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One FFmpeg command, before it has a place in the plan."""

    argv: tuple[str, ...]
    filtergraph: str | None
    reads: tuple[str, ...]
    """The nodes whose intermediates it reads."""


@dataclass(kw_only=True)
class _Sources:
    """The `-i` entries of one command, in the order of first use."""

    draft: Draft
    step_of: Mapping[str, str]
    intermediates: Crossing
    names: list[str] = field(default_factory=list)

    def specifier(self, track: Track) -> str:
        """`0:v:0`: where a track is found among the inputs."""
        if track.node not in self.names:
            self.names.append(track.node)
        return f"{self.names.index(track.node)}:{track.kind.value[0]}:{self._position(track)}"

    def _position(self, track: Track) -> int:
        given = self.draft.graph.by_id[track.node].spec
        if not isinstance(given, InputSpec):
            alike = [t for t in self.intermediates[track.node] if t.kind is track.kind]
            return alike.index(track)
        return stream_position(self.draft.probed[given.id], track.kind, track.index)

    def options(self) -> list[str]:
        return [word for name in self.names for word in self._input(name)]

    def _input(self, name: str) -> list[str]:
        given = self.draft.graph.by_id[name].spec
        if not isinstance(given, InputSpec):
            return [*safety.INTERMEDIATE_INPUT, "-i", f"{{step:{self.step_of[name]}}}/{name}.nut"]
        cut = ["-ss", format_seconds(given.start_offset)] if given.start_offset else []
        cut += ["-t", format_seconds(given.duration)] if given.duration is not None else []
        form = self.draft.probed[given.id].format
        forced = ["-f", form] if form == "jpeg_pipe" else []
        return [*safety.UPLOADED_INPUT, *forced, *cut, "-i", f"{{in:{given.id}}}"]


def stream_position(info: MediaInfo, kind: Kind, index: int) -> int:
    """A stream's number among its kind as FFmpeg counts: cover pictures are video to it."""
    stream = info.streams(kind)[index]
    before = sum(other.index < stream.index for other in info.streams(kind))
    if kind is Kind.VIDEO:
        before += sum(picture.index < stream.index for picture in info.attached_pictures)
    return before


def lower(
    draft: Draft, group: Group, step_of: Mapping[str, str], intermediates: Crossing, threads: int
) -> Command:
    """The command of one group. `step_of` names the step of every node that is in one."""
    inside = set(group.nodes)
    outputs = [(name, draft.outputs[name]) for name in group.nodes if name in draft.outputs]
    handed = {name: tracks for name, tracks in intermediates.items() if name in inside}
    demanded = Counter(
        [o.track for _, tracks in outputs for o in tracks]
        + [track for tracks in handed.values() for track in tracks]
    )
    wires = _needed([w for w in draft.wires if w.node in inside], demanded)
    uses = demanded + Counter(track for w in wires for track in w.inputs)
    sources = _Sources(draft=draft, step_of=step_of, intermediates=intermediates)
    labels = _Labels(wires=wires, uses=uses, sources=sources)
    graph = labels.render()
    encodes: list[str] = []
    for name, tracks in handed.items():
        encodes += _write_intermediate(name, tracks, labels)
    for name, output in outputs:
        encodes += _write_output(draft, name, output, labels)
    argv = [
        "ffmpeg", *_GLOBAL, *sources.options(),
        *(["-filter_complex", graph] if graph else []),
        *_with_threads(encodes, threads),
    ]  # fmt: skip
    reads = tuple(n for n in sources.names if draft.graph.by_id[n].type is not NodeType.INPUT)
    return Command(argv=tuple(argv), filtergraph=graph or None, reads=reads)


def crossing_tracks(draft: Draft, step_of: Mapping[str, str]) -> Crossing:
    """The tracks that cross from step to step: they go into intermediate files."""
    read = [(w.node, track) for w in draft.wires for track in w.inputs]
    read += [(name, o.track) for name, tracks in draft.outputs.items() for o in tracks]
    found: dict[str, set[Track]] = {}
    for reader, track in read:
        is_input = draft.graph.by_id[track.node].type is NodeType.INPUT
        if not is_input and step_of[reader] != step_of[track.node]:
            found.setdefault(track.node, set()).add(track)
    return {node: sorted(found[node]) for node in draft.graph.order if node in found}


def _needed(wires: Sequence[Wire], demanded: Mapping[Track, int]) -> list[Wire]:
    """The wires that something demanded depends on: a filter without a reader is an error."""
    wanted = set(demanded)
    kept: list[Wire] = []
    for wire in reversed(wires):
        if wanted.intersection(wire.outputs):
            wanted.update(wire.inputs)
            kept.append(wire)
    return kept[::-1]


@dataclass(kw_only=True)
class _Labels:
    """Unique labels from node ids; a track that is read more than once is split."""

    wires: Sequence[Wire]
    uses: Mapping[Track, int]
    sources: _Sources
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


def _write_output(
    draft: Draft, name: str, tracks: Iterable[OutputTrack], labels: _Labels
) -> list[str]:
    encoding = draft.encodings[name]
    numbers: Counter[Kind] = Counter()
    words: list[str] = []
    for output in tracks:
        number = str(numbers[output.track.kind])
        numbers[output.track.kind] += 1
        words += ["-map", labels.map_option(output.track)]
        words += [option.replace("{n}", number) for option in output.encoded.options]
    index = draft.graph.by_id[name].index
    return [*words, *encoding.options, f"{{out:{index}}}"]


def _write_intermediate(name: str, tracks: Iterable[Track], labels: _Labels) -> list[str]:
    words = [word for track in tracks for word in ("-map", labels.map_option(track))]
    return [
        *words,
        # lossless and quick to decode; nut keeps every time base exactly
        "-c:v", codecs.INTERMEDIATE_VIDEO.name, "-c:a", codecs.INTERMEDIATE_AUDIO.name,
        "-fps_mode", "passthrough", "-f", codecs.INTERMEDIATE_MUXER, f"{{work}}/{name}.nut",
    ]  # fmt: skip


def _with_threads(words: Sequence[str], threads: int) -> list[str]:
    """`-threads` is an option of each output file, so it goes before each file name."""
    if not threads:
        return list(words)
    return [
        part
        for word in words
        for part in (
            ("-threads", str(threads), word) if word.startswith(("{out:", "{work}")) else (word,)
        )
    ]
