"""What a command has to do, as amounts of classes of work: the ground of every estimate.

A class is a text: `start`, `decode/h264/hd`, `scale/hd`, `encode/libx264/medium/hd`, `copy`. Its amount
is a first estimate from what the media are; `planner.costs` says how far such estimates are off.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from operators.contract import Estimates
from operators.media import AudioStream, Kind, MediaInfo, VideoStream
from planner.draft import Draft
from planner.encode import Encoding
from planner.plan import Work
from planner.tracks import EncodedTrack
from planner.wiring import Track, Wire

_MEGABYTE = 1 << 20
_START = Estimates(cpu_ms=60, wall_ms=100, peak_memory_bytes=40 * _MEGABYTE)
_DECODE = 0.05  # seconds of CPU for a second of 720p
_DECODE_SOUND = 0.003
_LOSSLESS = 0.15
_LOSSLESS_BYTES = 8_000_000  # for a second of 720p
_COPY_MS_A_MEGABYTE = 1.0
_BITS_A_PIXEL = 0.2  # of a lossy picture at the usual quality
_BITS_A_LOSSLESS_PIXEL = 6.0
_LOSSLESS_CODECS = ("ffv1", "prores", "png", "gif")
_SOUND_BPS = 64_000  # a channel
_SIZES = ((160_000, "tiny"), (500_000, "sd"), (1_300_000, "hd"), (2_600_000, "fhd"))


def size_class(pixels: int) -> str:
    """How large a picture is, in a word: `tiny` `sd` `hd` `fhd` `uhd`."""
    return next((name for most, name in _SIZES if pixels <= most), "uhd")


def size_of(info: MediaInfo) -> str:
    return size_class(info.video[0].width * info.video[0].height) if info.video else "sound"


def spent(cpu_ms: float, memory_mb: float = 0, output_bytes: float = 0) -> Estimates:
    """First-principles cost of a piece of work."""
    return Estimates(
        cpu_ms=round(cpu_ms),
        wall_ms=round(cpu_ms),
        peak_memory_bytes=round(memory_mb * _MEGABYTE),
        disk_bytes=round(output_bytes),
        output_bytes=round(output_bytes),
    )


def total(parts: Iterable[Estimates]) -> Estimates:
    """The sum of all."""
    sums = dict.fromkeys(Estimates.__dataclass_fields__, 0)
    for part in parts:
        for name in sums:
            sums[name] += getattr(part, name)
    return Estimates(**sums)


def merged(parts: Iterable[tuple[str, Estimates]]) -> dict[str, Estimates]:
    """Amounts by class."""
    found: defaultdict[str, list[Estimates]] = defaultdict(list)
    for name, amount in parts:
        found[name].append(amount)
    return {name: total(found[name]) for name in sorted(found)}


def operation_work(draft: Draft, name: str) -> tuple[str, Estimates]:
    """What the filters of an operation cost."""
    spec = draft.graph.operations[name].spec
    info = draft.inferred.media[name]
    sources = [selection.info for selection in draft.inferred.sources[name]]
    return f"{spec.operator.name}/{size_of(info)}", spec.operator.estimate(sources, info)


def encoding_work(encoding: Encoding) -> list[tuple[str, Estimates]]:
    """What it costs to write an output."""
    result, seconds = encoding.result, (encoding.result.duration_ms or 0) / 1000
    found = []
    streams = {Kind.VIDEO: iter(result.video), Kind.AUDIO: iter(result.audio)}
    for track in encoding.tracks:
        stream = next(streams[track.kind])
        if isinstance(stream, VideoStream):
            found.append(_picture_work(track, stream, seconds, encoding.images))
        elif isinstance(stream, AudioStream):
            found.append(_sound_work(track, stream.channels, seconds))
    return found


def _picture_work(
    track: EncodedTrack, stream: VideoStream, seconds: float, images: int | None
) -> tuple[str, Estimates]:
    pixels = stream.width * stream.height
    frames = images or seconds * float(stream.frame_rate or 25)
    codec = track.encoder.codec if track.encoder else stream.codec
    density = _BITS_A_LOSSLESS_PIXEL if codec in _LOSSLESS_CODECS else _BITS_A_PIXEL
    bits = seconds * track.bitrate_bps if track.bitrate_bps else pixels * frames * density
    if track.encoder is None:
        return _copied(bits)
    load = pixels * frames / (1280 * 720 * 25)
    name = f"encode/{track.encoder.name}/{track.preset}/{size_class(pixels)}"
    memory_mb = 200 * max(0.1, pixels / (1280 * 720))
    return name, spent(1000 * load * track.encoder.cpu_factor, memory_mb, bits / 8)


def _sound_work(track: EncodedTrack, channels: int, seconds: float) -> tuple[str, Estimates]:
    bits = seconds * (track.bitrate_bps or _SOUND_BPS * channels)
    if track.encoder is None:
        return _copied(bits)
    cpu_ms = 1000 * seconds * track.encoder.cpu_factor * channels / 2
    return f"encode/{track.encoder.name}/-/sound", spent(cpu_ms, 5, bits / 8)


def _copied(bits: float) -> tuple[str, Estimates]:
    return "copy", spent(bits / 8 / _MEGABYTE * _COPY_MS_A_MEGABYTE, 5, bits / 8)


def decoding_work(draft: Draft, track: Track, until: Fraction | None) -> tuple[str, Estimates]:
    """What it costs to decode a stream of a file from where reading begins to `until`."""
    spec = draft.graph.sources[track.node].spec
    info = draft.probed[spec.id]
    length = info.duration or Fraction(0)
    begin = draft.seeks.get((track.node, track.reading), Fraction(0))
    seconds = float(max(Fraction(0), min(length, until or length) - begin))
    stream = info.streams(track.kind)[track.index]
    if isinstance(stream, VideoStream):
        pixels = stream.width * stream.height
        memory_mb = 60 * max(0.2, pixels / (1280 * 720))
        name = f"decode/{stream.codec}/{size_class(pixels)}"
        return name, spent(1000 * seconds * _DECODE * stream.load, memory_mb)
    return f"decode/{stream.codec}/sound", spent(
        1000 * seconds * _DECODE_SOUND * stream.channels, 2
    )


def _stored_work(draft: Draft, track: Track, verb: str) -> tuple[str, Estimates]:
    """What it costs to hand a track from step to step, losslessly."""
    info = draft.inferred.media[track.node]
    seconds = (info.duration_ms or 0) / 1000
    if track.kind is Kind.AUDIO:
        disk = round(seconds * 200_000) if verb == "store" else 0
        return f"{verb}/sound", replace(spent(1000 * seconds * 0.002, 5), disk_bytes=disk)
    load = info.picture_load
    made = spent(1000 * seconds * load * _LOSSLESS, 60)
    # what is written lies in WORK_DIR, and is no output; what is read lies there already
    disk = round(seconds * load * _LOSSLESS_BYTES) if verb == "store" else 0
    return f"{verb}/{size_of(info)}", replace(made, disk_bytes=disk)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one command runs: its filters, what it encodes, and the tracks that it hands on."""

    wires: Sequence[Wire] = ()
    outputs: Sequence[str] = ()
    handed: Sequence[Track] = ()
    measure: Wire | None = None


def work_of(draft: Draft, load: Load) -> Work:
    """All that a command does, by class."""
    parts = [("start", _START)]
    parts += [operation_work(draft, name) for name, _ in _operations(draft, load)]
    for name in load.outputs:
        parts += encoding_work(draft.encodings[name])
    parts += [_stored_work(draft, track, "store") for track in load.handed]
    for track, until in _read(draft, load).items():
        if track.node in draft.graph.sources:
            parts.append(decoding_work(draft, track, until))
        else:
            parts.append(_stored_work(draft, track, "load"))
    if load.measure:
        operator, cost = operation_work(draft, load.measure.node)
        parts.append((f"measure/{operator.partition('/')[0]}", cost))
    return merged(parts)


def _operations(draft: Draft, load: Load) -> list[tuple[str, int]]:
    """The operations of a command, again for every reading that they are done on."""
    found = {(w.node, w.outputs[0].reading): None for w in load.wires if w is not load.measure}
    return [key for key in found if key[0] in draft.graph.operations]


def _read(draft: Draft, load: Load) -> dict[Track, Fraction | None]:
    """The streams that are decoded, and until when; None: to the end."""
    made = {track for w in load.wires for track in w.outputs}
    found: dict[Track, Fraction | None] = {}

    def add(track: Track, until: Fraction | None) -> None:
        if track not in made:
            known = found.get(track, Fraction(0))
            found[track] = None if known is None or until is None else max(known, until)

    for w in load.wires:
        for track in w.inputs:
            add(track, w.end)
    for name in load.outputs:
        for output in draft.outputs[name]:
            if not output.encoded.is_copied:
                add(output.track, None)
    return found
