"""What probing an output file will show: its streams where its container puts them, and its length."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from operators.media import AudioStream, MediaInfo, VideoStream
from planner.codecs import Container


@dataclass(frozen=True, kw_only=True)
class Written:
    """A stream of an output, and whether silence is put where it has no samples."""

    stream: VideoStream | AudioStream
    is_filled: bool


def written(source: MediaInfo, container: Container, tracks: Sequence[Written]) -> MediaInfo:
    """The file that holds `tracks`, made of `source`."""
    streams = [_placed(track, container, source) for track in tracks]
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


def _placed(track: Written, container: Container, source: MediaInfo) -> VideoStream | AudioStream:
    """A container without timestamps begins at once, or after silence."""
    stream = track.stream
    if container.keeps_start:
        return stream
    lead_in = stream.start_ms - source.start_ms if track.is_filled or container.keeps_offset else 0
    length = None if stream.duration_ms is None else stream.duration_ms + lead_in
    return replace(stream, start_ms=source.start_ms, duration_ms=length)
