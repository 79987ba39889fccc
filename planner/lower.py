"""From groups of nodes to steps: exact argv, filtergraph, dependencies.

What only the executor knows is written as tokens (`planner.plan.tokens`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from operators.capabilities import HasSidecar
from operators.colorimetry import converted, narrowed, needs_narrowing
from operators.media import Kind, VideoStream
from operators.pixels import lossless
from planner import codecs
from planner.binder import Binder, Names
from planner.draft import Draft, Group
from planner.encode import Encoding
from planner.labels import Labels
from planner.plan import StepFile, TextFile, Work
from planner.plan.files import sidecar_name
from planner.plan.tokens import GRAPH_OPTION, OutputToken, WorkToken, parse
from planner.sources import Crossing, Sources
from planner.wiring import OutputTrack, Track, Wire, measured_in
from planner.work import Load, work_of

# what every run needs: no questions, no status line, tagged log lines, progress on its own pipe
_GLOBAL = ("-hide_banner", "-nostdin", "-nostats", "-y")
_METERS = ("ebur128", "astats")


@dataclass(frozen=True, kw_only=True)
class Command:
    """One FFmpeg command with the files that it needs and the steps that it waits for."""

    argv: tuple[str, ...]
    filtergraph: str | None
    files: Mapping[str, StepFile]
    depends_on: tuple[str, ...]
    inputs: tuple[str, ...]
    """The ids of the inputs that it reads."""
    work: Work


def lower(draft: Draft, group: Group, names: Names, threads: int) -> Command:
    """The command of one group."""
    outputs = [(name, draft.outputs[name]) for name in group.nodes if name in draft.outputs]
    handed = _handed_over(draft, group)
    narrow = {w.inputs[0]: w for tracks in handed.values() for w in _narrowed(draft, tracks)}
    written = {
        name: [narrow[t].outputs[0] if t in narrow else t for t in tracks]
        for name, tracks in handed.items()
    }
    demanded = _demanded(draft, group, written)
    labels = _labels(draft, group, names, demanded, also=[*narrow.values()])
    graphs = labels.render()
    encodes: list[str] = []
    for name, tracks in written.items():
        encodes += _write_intermediate(name, tracks, labels)
    for name, output in outputs:
        encodes += _write_output(draft, name, output, labels)
    load = Load(
        wires=labels.wires,
        outputs=[name for name, _ in outputs],
        handed=[track for tracks in handed.values() for track in tracks],
    )
    return _command(draft, labels, graphs, _with_threads(encodes, threads), load)


def lower_measure(
    draft: Draft,
    group: Group,
    measure: Wire,
    names: Names,
    step_id: str,
) -> Command:
    """The command of a first pass: everything upstream of `measure` in its group, listened to."""
    (heard,) = measure.outputs
    labels = _labels(draft, group, names, Counter([heard]), also=[measure], info_step=step_id)
    graphs = labels.render()
    words = ["-map", labels.map_option(heard), "-f", "null", "-"]
    load = Load(wires=labels.wires, measure=measure)
    return _command(draft, labels, graphs, words, load)


def measured_by(draft: Draft, group: Group) -> set[tuple[str, int]]:
    """The measurements (node, track) that the filters of a group need."""
    demanded = _demanded(draft, group, _handed_over(draft, group))
    wires = _needed(draft.wires_of(group.nodes), demanded)
    return {name for w in wires for name in measured_in(w)}


def _handed_over(draft: Draft, group: Group) -> Crossing:
    """The tracks of a group that other groups read."""
    inside = set(group.nodes)
    return {name: tracks for name, tracks in draft.crossing.items() if name in inside}


def _demanded(draft: Draft, group: Group, handed: Crossing) -> Counter[Track]:
    """The tracks that leave the group through filters, and how often."""
    written = [
        o.track
        for name in group.nodes
        for o in draft.outputs.get(name, ())
        if not draft.is_joined(o)
    ]
    return Counter(written + [track for tracks in handed.values() for track in tracks])


def _labels(
    draft: Draft,
    group: Group,
    names: Names,
    demanded: Counter[Track],
    also: Sequence[Wire] = (),
    info_step: str | None = None,
) -> Labels:
    known = [*draft.wires_of(group.nodes), *also]
    wires = _needed(known, demanded)
    uses = demanded + Counter(track for w in wires for track in w.inputs)
    sources = Sources(draft=draft, step_of=names.groups)
    binder = Binder(draft=draft, names=names, files=sources.files)
    bound = [binder.bind(w) for w in wires]
    waits = [step for step in binder.measured if step != info_step]
    return Labels(wires=bound, uses=uses, sources=sources, waits=waits)


def _command(
    draft: Draft, labels: Labels, graphs: Sequence[str], words: Sequence[str], load: Load
) -> Command:
    sources = labels.sources
    argv = [
        "ffmpeg", *_said(labels.wires), *sources.options(),
        *(word for graph in graphs for word in (GRAPH_OPTION, graph)),
        *words, *sources.clocks(),
    ]  # fmt: skip
    reads = [
        sources.step_of[name] for name, _ in sources.readings if name in draft.graph.operations
    ]
    beside = [name for file in sources.files.values() for name in file.inputs]
    return Command(
        argv=tuple(argv),
        filtergraph=";".join(graphs) or None,
        files=dict(sources.files),
        depends_on=tuple(dict.fromkeys([*labels.waits, *reads])),
        inputs=tuple(dict.fromkeys([*sources.inputs, *beside])),
        work=work_of(draft, load),
    )


def _said(wires: Sequence[Wire]) -> Iterable[str]:
    """The options of every run; meters log what they measure at level info."""
    names = {one.name.partition("@")[0] for w in wires for one in w.filters}
    level = "info" if names.intersection(_METERS) else "warning"
    return (*_GLOBAL, "-loglevel", f"repeat+level+{level}", "-progress", "pipe:1")


def _needed(wires: Sequence[Wire], demanded: Mapping[Track, int]) -> list[Wire]:
    """The wires that something demanded depends on: a filter without a reader is an error."""
    wanted = set(demanded)
    kept: list[Wire] = []
    for wire in reversed(wires):
        if wanted.intersection(wire.outputs):
            wanted.update(wire.inputs)
            kept.append(wire)
    return kept[::-1]


def _write_output(
    draft: Draft, name: str, tracks: Iterable[OutputTrack], labels: Labels
) -> list[str]:
    encoding = draft.encodings[name]
    numbers: Counter[Kind] = Counter()
    words: list[str] = []
    for output in tracks:
        number = str(numbers[output.track.kind])
        numbers[output.track.kind] += 1
        is_joined = draft.is_joined(output)
        words += [
            "-map",
            labels.sources.joined(output.track) if is_joined else labels.map_option(output.track),
        ]
        words += [option.replace("{n}", number) for option in output.encoded.options]
        if output.track not in labels.made and not output.encoded.is_copied:
            steady = labels.sources.steady(output.track)
            letter = output.track.kind.value[0]
            words += [f"-filter:{letter}:{number}", ",".join(map(str, steady))] if steady else []
    index = draft.graph.by_id[name].index
    sidecar = _sidecar(draft, name)
    if sidecar:
        labels.sources.files[sidecar_name(index)] = TextFile(text=sidecar)
    file = str(OutputToken(index, is_numbered=(encoding.images or 0) > 1))
    is_stripped = draft.graph.sinks[name].spec.strip_metadata
    described = _described(encoding, labels.sources.root(name), is_stripped)
    return [*words, *described, *encoding.options, file]


def _sidecar(draft: Draft, name: str) -> str | None:
    """The text that the operation behind an output puts beside it."""
    (edge,) = draft.graph.into(name)
    maker = draft.graph.operations.get(edge.source)
    operator = maker and maker.spec.operator
    if not isinstance(operator, HasSidecar):
        return None
    sources = [selection.info for selection in draft.inferred.sources[edge.source]]
    text = operator.sidecar(sources)
    destination = draft.graph.sinks[name].spec.destination
    return text and text.replace("{name}", destination.rpartition("/")[2])


def _described(encoding: Encoding, root: int | None, is_stripped: bool) -> list[str]:
    """Tags and chapters come from the file that the output's first stream began in."""
    source = -1 if root is None else root
    chapters = ["-map_chapters", str(source if encoding.result.chapters else -1)]
    if is_stripped:
        # of the file, of its streams, of its chapters
        return ["-map_metadata", "-1", "-map_metadata:s", "-1", "-map_metadata:c", "-1", *chapters]
    return ["-map_metadata", str(source), *chapters]


def _narrowed(draft: Draft, tracks: Iterable[Track]) -> Iterator[Wire]:
    """Filters before an intermediate, of pictures whose range its codec may not keep: FFmpeg 5 knows
    it by the pixel format alone."""
    for track in tracks:
        stream = draft.stream(track)
        if isinstance(stream, VideoStream) and needs_narrowing(stream):
            own = replace(track, node=f"{track.node}_tv")
            filters = converted(stream, narrowed(stream))
            yield Wire(node=track.node, inputs=(track,), filters=filters, outputs=(own,))


def _write_intermediate(name: str, tracks: Iterable[Track], labels: Labels) -> list[str]:
    words = []
    seen: Counter[Kind] = Counter()
    for track in tracks:
        words += ["-map", labels.map_option(track)]
        pixels = lossless(_pixels_in(labels, track))
        words += [f"-pix_fmt:v:{seen[track.kind]}", pixels] if pixels else []
        seen[track.kind] += 1
    return [
        *words,
        # lossless and quick to decode; nut keeps every time base exactly
        "-c:v", codecs.INTERMEDIATE_VIDEO.name, "-c:a", codecs.INTERMEDIATE_AUDIO.name,
        "-fps_mode", "passthrough", "-f", codecs.INTERMEDIATE_MUXER, str(WorkToken(f"{name}.nut")),
    ]  # fmt: skip


def _pixels_in(labels: Labels, track: Track) -> str | None:
    draft = labels.sources.draft
    stream = draft.stream(track) if track.node in draft.graph.by_id else None
    return stream.pixel_format if isinstance(stream, VideoStream) else None


def _with_threads(words: Sequence[str], threads: int) -> list[str]:
    """`-threads` is an option of each output file, so it goes before each file name."""
    if not threads:
        return list(words)

    written = (OutputToken, WorkToken)
    return [
        part
        for word in words
        for part in (
            ("-threads", str(threads), word) if isinstance(parse(word), written) else (word,)
        )
    ]
