"""How each output is encoded: copy or encode per track, with which options, and what results."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from operators.filtergraph import Filter
from operators.media import FLOWING, AudioStream, Kind, MediaInfo, VideoStream
from operators.problem import Code
from operators.sound import in_time, laid_out, usual_layout
from planner.codecs import (
    Container,
    Encoder,
    container_of,
    find_container,
    find_encoder,
    pcm_for,
)
from planner.findings import Findings
from planner.pictures import check_pictures, image_options, pictures
from planner.pixels import depth_of, prepare
from planner.select import Selection
from planner.spec import AudioCodec, OutputSpec, VideoCodec

_COPY = "copy"
_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


@dataclass(frozen=True, kw_only=True)
class EncodedTrack:
    """One stream of an output: where it is read from, filters that only this output needs, and
    the options, `{n}` standing for its number among the file's streams of the kind."""

    kind: Kind
    picked: tuple[Kind, int]
    """Which stream of what the output reads."""
    is_copied: bool
    filters: tuple[Filter, ...] = ()
    options: tuple[str, ...] = ()
    encoder: Encoder | None = None
    preset: str = "-"
    bitrate_bps: int | None = None
    """What was asked for, or of a copy what is stored: for estimates."""


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """One output file: its container, tracks, file options, and what probing it will show."""

    container: Container
    tracks: tuple[EncodedTrack, ...]
    options: tuple[str, ...]
    result: MediaInfo
    images: int | None = None
    """How many picture files; more than one are numbered."""


def encode(
    given: OutputSpec,
    selection: Selection,
    untouched: Mapping[tuple[Kind, int], VideoStream | AudioStream],
    findings: Findings,
    kept: Mapping[tuple[Kind, int], str] | None = None,
) -> Encoding | None:
    """Decide one output, which reads `selection`. `untouched` has those of its streams that come
    straight from an input file, as they are stored there; `kept` the codec that others stay in
    where nothing else is asked for. None where `findings` has problems."""
    source, container = selection.info, _container(given)
    tracks: list[EncodedTrack] = []
    streams: dict[Kind, list[VideoStream | AudioStream]] = {kind: [] for kind in FLOWING}
    seen: Counter[Kind] = Counter()
    for position in selection.picked:
        kind, _ = position
        stream = source.streams(kind)[seen[kind]]
        seen[kind] += 1
        if not _is_wanted(given, container, kind, len(streams[kind]), findings):
            continue
        made = (
            _copy_track(kind, position, untouched[position], container)
            if _is_copyable(given, container, kind, untouched.get(position), findings)
            and not _is_lossless_and_untimed(given, container, source, untouched[position])
            else _encode_track(
                given, container, kind, position, stream, findings, (kept or {}).get(position)
            )
        )
        if made:
            tracks.append(made[0])
            streams[kind].append(made[1])
    if not tracks and not findings.problems:
        findings.fail(
            Code.INVALID_OUTPUT, "", f"there is nothing to write into {container.name}",
            f"{container.name} holds {' and '.join(k for k in FLOWING if container.codecs(k))}.",
        )  # fmt: skip
    check_pictures(source, container, findings)
    if findings.problems:
        return None
    video = tuple(s for s in streams[Kind.VIDEO] if isinstance(s, VideoStream))
    audio = tuple(s for s in streams[Kind.AUDIO] if isinstance(s, AudioStream))
    images = (source.video[0].frame_count or 1) if container.is_image else None
    return Encoding(
        container=container,
        tracks=tuple(tracks),
        options=(*image_options(images), *_file_options(given, container, source, audio)),
        result=pictures(container, video[0], images)
        if images
        else _result(source, container, _placed(tracks, container, source, video, audio)),
        images=images,
    )


def _container(given: OutputSpec) -> Container:
    found = find_container(given.format) if given.format else container_of(given.destination)
    if found is None:
        raise ValueError(f"no container for {given.destination}")  # refused by planner.parse
    return found


def _is_wanted(
    given: OutputSpec, container: Container, kind: Kind, so_far: int, findings: Findings
) -> bool:
    if given.codec.of(kind) == "none" or not container.codecs(kind):
        return False
    most = container.max_audio_tracks
    if kind is Kind.AUDIO and most is not None and so_far >= most:
        findings.warn(
            Code.INVALID_OUTPUT,
            "/id",
            f"{container.name} holds {most} audio track; the others are left out",
        )
        return False
    return True


def _is_copyable(
    given: OutputSpec,
    container: Container,
    kind: Kind,
    stored: VideoStream | AudioStream | None,
    findings: Findings,
) -> bool:
    asked = given.codec.of(kind)
    is_asked = asked == _COPY
    if asked is not None and not is_asked:
        return False
    if stored is None:
        if is_asked:
            findings.fail(
                Code.INVALID_OUTPUT, f"/codec/{kind}", f"the {kind} is changed by an operation, so it cannot be copied",
                "Leave codec out, or take the operation out.",
            )  # fmt: skip
        return False
    if stored.codec not in container.codecs(kind):
        obstacle = f"{container.name} cannot hold {stored.codec}"
        code, advice = Code.CODEC_NOT_IN_CONTAINER, f"It holds {', '.join(container.codecs(kind))}."
    else:
        obstacle = _spoils(stored, container)
        code, advice = Code.INVALID_OUTPUT, "Leave codec out: then it is encoded anew."
    if is_asked and obstacle:
        findings.fail(code, f"/codec/{kind}", obstacle, advice)
    return not obstacle


def _is_lossless_and_untimed(
    given: OutputSpec,
    container: Container,
    source: MediaInfo,
    stored: VideoStream | AudioStream,
) -> bool:
    """Whether encoding anew loses nothing, and puts silence where samples are missing; copied into
    a file without timestamps, all that follows would be too early."""
    is_lossless = isinstance(stored, AudioStream) and stored.bit_depth is not None
    is_retimed = not container.keeps_start and source.format != container.muxer
    return is_lossless and is_retimed and given.codec.audio != _COPY


def _spoils(stored: VideoStream | AudioStream, container: Container) -> str:
    """What a copy would lose, in words; empty where nothing."""
    if isinstance(stored, AudioStream):
        return ""
    if stored.lacks_times:
        return "the picture is stored without the times at which its frames are shown, so it cannot be copied"
    if stored.rotation and container.muxer in ("matroska", "webm"):
        return f"{container.name} cannot hold how the picture is turned"
    return ""


def _copy_track(
    kind: Kind, position: tuple[Kind, int], stored: VideoStream | AudioStream, container: Container
) -> tuple[EncodedTrack, VideoStream | AudioStream]:
    letter = kind.value[0]
    options: tuple[str, ...] = (f"-c:{letter}:{{n}}", _COPY)
    if tag := container.tags.get(stored.codec or ""):
        options += (f"-tag:{letter}:{{n}}", tag)
    bitrate = stored.bitrate_bps
    track = EncodedTrack(
        kind=kind, picked=position, is_copied=True, options=options, bitrate_bps=bitrate
    )
    return track, stored


def _encode_track(
    given: OutputSpec,
    container: Container,
    kind: Kind,
    position: tuple[Kind, int],
    stream: VideoStream | AudioStream,
    findings: Findings,
    kept: str | None = None,
) -> tuple[EncodedTrack, VideoStream | AudioStream] | None:
    asked = given.codec.of(kind)
    name = asked.codec if isinstance(asked, (VideoCodec, AudioCodec)) else None
    name = name or (kept if kept in container.codecs(kind) else None)
    encoder = find_encoder(name or _default_codec(container, kind, stream))
    if isinstance(stream, VideoStream):
        wish = asked if isinstance(asked, VideoCodec) else VideoCodec()
        return _video(wish, encoder, container, position, stream, findings)
    _tell_of_depth(encoder, stream, findings)
    wished = asked if isinstance(asked, AudioCodec) else AudioCodec()
    return _audio(wished, encoder, container, position, stream)


def _default_codec(container: Container, kind: Kind, stream: VideoStream | AudioStream) -> str:
    """The container's own; where that is PCM, the one that keeps the source's samples."""
    own = container.codecs(kind)[0]
    if isinstance(stream, AudioStream) and own.startswith("pcm_"):
        return pcm_for(stream.bit_depth, stream.is_float)
    return own


def _tell_of_depth(encoder: Encoder, stream: AudioStream, findings: Findings) -> None:
    """Say where a lossless codec loses something."""
    if encoder.sample_bits is None or stream.bit_depth is None:
        return
    if stream.is_float and not encoder.is_float:
        findings.warn(
            Code.INVALID_OUTPUT, "/codec/audio",
            f"the sound is floating-point; {encoder.name} clips what is above full scale",
        )  # fmt: skip
    elif stream.bit_depth > encoder.sample_bits:
        findings.warn(
            Code.INVALID_OUTPUT, "/codec/audio",
            f"the sound has {stream.bit_depth} bits; {encoder.name} keeps {encoder.sample_bits}",
        )  # fmt: skip


def _video(
    asked: VideoCodec,
    encoder: Encoder,
    container: Container,
    position: tuple[Kind, int],
    stream: VideoStream,
    findings: Findings,
) -> tuple[EncodedTrack, VideoStream]:
    ready = prepare(asked, encoder, stream, findings)
    stream, pixels = ready.stream, ready.pixel_format
    options = ["-c:v:{n}", encoder.name, *_quality(asked, encoder), *encoder.fixed]
    if pixels:
        options += ["-pix_fmt:v:{n}", pixels]
    if asked.profile:
        options += ["-profile:v:{n}", asked.profile]
    if stream.is_vfr and encoder.time_base:
        # else times are rounded to the average rate: frames move, and some are lost
        options += ["-enc_time_base:v:{n}", encoder.time_base]
    if asked.gop:
        options += ["-g:v:{n}", str(asked.gop)]
    if tag := container.tags.get(encoder.codec):
        options += ["-tag:v:{n}", tag]
    result = _seen(
        replace(
            stream,
            codec=encoder.codec,
            pixel_format=encoder.decoded_format or pixels,
            bit_depth=depth_of(pixels) or stream.bit_depth,
            profile=None,
            rotation=0,
        )
    )
    track = EncodedTrack(
        kind=Kind.VIDEO,
        picked=position,
        is_copied=False,
        filters=ready.filters,
        # vfr: timestamps as they are; frames are neither doubled nor dropped
        options=(*options, "-fps_mode:v:{n}", "passthrough" if encoder.is_image else "vfr"),
        encoder=encoder,
        preset=(asked.preset or "medium") if encoder.presets else "-",
        bitrate_bps=asked.bitrate,
    )
    return track, result


def _seen(stream: VideoStream) -> VideoStream:
    shown = round(Fraction(stream.width) * stream.sar)
    return replace(stream, display_width=shown, display_height=stream.height)


def _quality(asked: VideoCodec, encoder: Encoder) -> list[str]:
    options: list[str] = []
    if asked.bitrate:
        options += ["-b:v:{n}", str(asked.bitrate)]
    elif encoder.crf_max is not None:
        crf = asked.crf if asked.crf is not None else encoder.default_crf
        options += ["-crf:v:{n}", str(crf)]
        if encoder.crf_ceiling:
            options += ["-b:v:{n}", encoder.crf_ceiling]
    elif encoder.codec == "mpeg4":
        options += ["-q:v:{n}", "3"]
    if encoder.presets:
        word = asked.preset or "medium"
        value = encoder.preset_values[word] if encoder.preset_values else word
        options += [f"{encoder.preset_option}:v:{{n}}", value]
    return options


def _audio(
    asked: AudioCodec,
    encoder: Encoder,
    container: Container,
    position: tuple[Kind, int],
    stream: AudioStream,
) -> tuple[EncodedTrack, AudioStream]:
    rate = _sample_rate(asked.sample_rate or stream.sample_rate, encoder)
    channels = min(asked.channels or stream.channels, encoder.max_channels)
    options = ["-c:a:{n}", encoder.name, *encoder.fixed]
    layout = _LAYOUTS.get(channels) if encoder.needs_plain_layout and channels > 2 else None
    if channels != stream.channels:
        layout = layout or usual_layout(channels)
    filters = laid_out(stream, layout) if layout else ()
    if not container.keeps_start:
        filters = (in_time(), *filters)
    if asked.bitrate:
        options += ["-b:a:{n}", str(asked.bitrate)]
    if rate != stream.sample_rate:
        options += ["-ar:a:{n}", str(rate)]
    layout = layout or stream.channel_layout
    result = replace(
        stream,
        codec=encoder.codec,
        sample_rate=rate,
        channels=channels,
        channel_layout=layout,
        bit_depth=encoder.sample_bits and min(encoder.sample_bits, stream.bit_depth or 16),
        is_float=encoder.is_float,
    )
    track = EncodedTrack(
        kind=Kind.AUDIO,
        picked=position,
        is_copied=False,
        filters=filters,
        options=tuple(options),
        encoder=encoder,
        bitrate_bps=asked.bitrate,
    )
    return track, result


def _sample_rate(wanted: int, encoder: Encoder) -> int:
    if not encoder.sample_rates or wanted in encoder.sample_rates:
        return wanted
    higher = [rate for rate in encoder.sample_rates if rate > wanted]
    return min(higher, default=encoder.sample_rates[-1])


def _file_options(
    given: OutputSpec, container: Container, source: MediaInfo, audio: Sequence[AudioStream]
) -> tuple[str, ...]:
    options: list[str] = []
    for number, stream in enumerate(audio):
        if stream.language:
            options += [f"-metadata:s:a:{number}", f"language={stream.language}"]
    for key, value in given.metadata.items():
        options += ["-metadata", f"{key}={value}"]
    if container.muxer == "mp4" and any(stream.codec == "flac" for stream in audio):
        options += ["-strict", "-2"]  # FFmpeg 5 calls FLAC in MP4 experimental
    return (*options, *container.flags, "-f", container.muxer)


def _placed(
    tracks: Sequence[EncodedTrack],
    container: Container,
    source: MediaInfo,
    video: Sequence[VideoStream],
    audio: Sequence[AudioStream],
) -> tuple[VideoStream | AudioStream, ...]:
    """The streams where a container puts them: one without timestamps begins at once, after silence
    where sound that begins late was encoded."""
    ordered = [track for kind in FLOWING for track in tracks if track.kind is kind]
    streams: tuple[VideoStream | AudioStream, ...] = (*video, *audio)
    if container.keeps_start:
        return streams
    return tuple(
        replace(
            stream,
            start_ms=source.start_ms,
            duration_ms=stream.duration_ms and stream.duration_ms + _lead_in(track, stream, source),
        )
        for track, stream in zip(ordered, streams, strict=True)
    )


def _lead_in(track: EncodedTrack, stream: VideoStream | AudioStream, source: MediaInfo) -> int:
    is_filled = track.kind is Kind.AUDIO and not track.is_copied
    return stream.start_ms - source.start_ms if is_filled else 0


def _result(
    source: MediaInfo, container: Container, streams: Sequence[VideoStream | AudioStream]
) -> MediaInfo:
    starts = [stream.start_ms - source.start_ms for stream in streams]
    ends = [
        stream.duration_ms + start
        for stream, start in zip(streams, starts, strict=True)
        if stream.duration_ms is not None
    ]
    video = [stream for stream in streams if isinstance(stream, VideoStream)]
    audio = [stream for stream in streams if isinstance(stream, AudioStream)]
    # FFmpeg 5 and 9 differ in whether a lone late track of an m4a keeps its lead-in
    is_sure = container.name != "m4a" or min(starts, default=0) == 0
    return MediaInfo(
        format=container.name,
        duration_ms=max(ends, default=source.duration_ms),
        duration_is_exact=source.duration_is_exact and is_sure,
        video=tuple(replace(v, index=i, bitrate_bps=None) for i, v in enumerate(video)),
        audio=tuple(
            replace(a, index=len(video) + i, bitrate_bps=None) for i, a in enumerate(audio)
        ),
        chapters=source.chapters,
        tags={},
    )
