"""How each output is encoded: copy or encode per track, with which options, and what results."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from operators.media import FLOWING, AudioStream, Kind, MediaInfo, VideoStream
from operators.problem import Code
from operators.sound import in_time, laid_out, usual_layout
from planner.codecs import (
    MAY_CHANGE,
    Container,
    Encoder,
    container_of,
    find_container,
    find_encoder,
    pcm_for,
)
from planner.copies import COPY, is_better_anew, is_copyable
from planner.encode_video import video_track
from planner.findings import Findings
from planner.pictures import check_pictures, image_options, pictures
from planner.select import Selection
from planner.spec import AudioCodec, OutputSpec, VideoCodec
from planner.tracks import EncodedTrack
from planner.written import Written, written

_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


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
    may_clip: bool = False,
) -> Encoding | None:
    """Decide one output, which reads `selection`. `untouched` has those of its streams that come
    straight from an input file, as they are stored there; `kept` the codec that others stay in
    where nothing else is asked for; `may_clip`: its sound may have come above full scale. None where
    `findings` has problems."""
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
            _copy_track(
                kind, position, replace(untouched[position], start_ms=stream.start_ms), container
            )
            if is_copyable(given, container, kind, untouched.get(position), findings)
            and not is_better_anew(given, container, source, untouched[position])
            else _encode_track(
                given,
                container,
                kind,
                position,
                stream,
                findings,
                (kept or {}).get(position),
                late_ms=stream.start_ms - source.start_ms,
            )
        )
        if made:
            track = _in_time(made[0], container, source, stream)
            tracks.append(_metered(track, stream, may_clip))
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
        options=(*image_options(images), *_file_options(given, container, tracks, video, audio)),
        result=pictures(container, video[0], images)
        if images
        else written(source, container, _written(tracks, (*video, *audio))),
        images=images,
    )


def _written(
    tracks: Sequence[EncodedTrack], streams: Sequence[VideoStream | AudioStream]
) -> list[Written]:
    ordered = [track for kind in FLOWING for track in tracks if track.kind is kind]
    return [
        Written(stream=stream, is_filled=track.kind is Kind.AUDIO and not track.is_copied)
        for track, stream in zip(ordered, streams, strict=True)
    ]


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


def _copy_track(
    kind: Kind, position: tuple[Kind, int], stored: VideoStream | AudioStream, container: Container
) -> tuple[EncodedTrack, VideoStream | AudioStream]:
    letter = kind.value[0]
    options: tuple[str, ...] = (f"-c:{letter}:{{n}}", COPY)
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
    late_ms: int = 0,
) -> tuple[EncodedTrack, VideoStream | AudioStream] | None:
    if not stream.is_decodable:
        findings.fail(
            Code.UNSUPPORTED_CODEC, "/id",
            f"the {kind} is {stream.codec or 'of an unknown codec'}, which cannot be decoded here",
            f'Leave it out (codec.{kind}: "none"), or convert it before.',
        )  # fmt: skip
        return None
    asked = given.codec.of(kind)
    name = asked.codec if isinstance(asked, (VideoCodec, AudioCodec)) else None
    name = name or (kept if kept in container.codecs(kind) else None)
    encoder = find_encoder(name or _default_codec(container, kind, stream))
    if isinstance(stream, VideoStream):
        wish = asked if isinstance(asked, VideoCodec) else VideoCodec()
        return video_track(wish, encoder, container, position, stream, findings, late_ms)
    _tell_of_depth(encoder, stream, findings)
    return _audio(
        asked if isinstance(asked, AudioCodec) else AudioCodec(), encoder, position, stream
    )


def _in_time(
    track: EncodedTrack, container: Container, source: MediaInfo, stream: VideoStream | AudioStream
) -> EncodedTrack:
    """Sound that is encoded has silence where its samples are missing, also before the first: an
    encoder puts what follows into the same frame, and some containers into the same stretch of time.
    Not before the first where the container keeps how late it begins, nor where filters may have to
    begin anew on the way."""
    if track.is_copied or track.kind is not Kind.AUDIO:
        return track
    is_late = stream.start_ms > source.start_ms
    is_filled = not (container.keeps_start if is_late else source.format in MAY_CHANGE)
    return replace(track, filters=(in_time(is_filled), *track.filters))


def _metered(
    track: EncodedTrack, stream: VideoStream | AudioStream, may_clip: bool
) -> EncodedTrack:
    is_cut_off = track.encoder is not None and not track.encoder.is_float
    may_clip = isinstance(stream, AudioStream) and (may_clip or stream.is_float)
    return replace(track, is_metered=is_cut_off and may_clip)


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


def _audio(
    asked: AudioCodec, encoder: Encoder, position: tuple[Kind, int], stream: AudioStream
) -> tuple[EncodedTrack, AudioStream]:
    rate = _sample_rate(asked.sample_rate or stream.sample_rate, encoder)
    channels = min(asked.channels or stream.channels, encoder.max_channels)
    options = ["-c:a:{n}", encoder.name, *encoder.fixed]
    layout = _LAYOUTS.get(channels) if encoder.needs_plain_layout and channels > 2 else None
    if channels != stream.channels:
        layout = layout or usual_layout(channels)
    filters = laid_out(stream, layout) if layout else ()
    if asked.bitrate:
        options += ["-b:a:{n}", str(asked.bitrate)]
    if rate != stream.sample_rate:
        options += ["-ar:a:{n}", str(rate)]
    layout = layout or stream.channel_layout
    result = replace(
        stream,
        codec=encoder.codec,
        sample_rate=encoder.decoded_rate or rate,
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
    given: OutputSpec,
    container: Container,
    tracks: Sequence[EncodedTrack],
    video: Sequence[VideoStream],
    audio: Sequence[AudioStream],
) -> tuple[str, ...]:
    options: list[str] = []
    copied = [track.is_copied for track in tracks if track.kind is Kind.VIDEO]
    for number, (stream, is_copied) in enumerate(zip(video, copied, strict=True)):
        # what is copied whole brings its own along
        is_told = stream.timecode is not None and not given.strip_metadata
        if is_told and not (is_copied and stream.timecode):
            told = f"timecode={stream.timecode}"
            options += ["-metadata", told, f"-metadata:s:v:{number}", told]
    for number, sound in enumerate(audio):
        options += _described(number, sound, is_alone=len(audio) == 1, given=given)
    for key, value in given.metadata.items():
        options += ["-metadata", f"{key}={value}"]
    if container.muxer == "mp4" and any(stream.codec == "flac" for stream in audio):
        options += ["-strict", "-2"]  # FFmpeg 5 calls FLAC in MP4 experimental
    return (*options, *container.flags, "-f", container.muxer)


def _described(number: int, sound: AudioStream, *, is_alone: bool, given: OutputSpec) -> list[str]:
    """What players tell tracks apart by; FFmpeg forgets it where a track goes through filters."""
    at = f"-metadata:s:a:{number}"
    options = [at, f"language={sound.language}"] if sound.language else []
    if sound.title and not given.strip_metadata:
        options += [at, f"title={sound.title}"]
    if not is_alone:
        options += [f"-disposition:a:{number}", "+".join(sound.disposition) or "0"]
    return options
