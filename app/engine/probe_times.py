"""What ffprobe's headers do not tell of times: true lengths, sound that comes late, counted rates."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from app.engine import ffprobe, frame_rate
from app.engine.ffprobe_json import PacketEnds
from app.engine.tools import Tools
from app.errors import Failure
from operators.media import AudioStream, MediaInfo

_LATE = ("wmav1", "wmav2")
"""Codecs whose first packets give no sound."""


def with_counted_rate(info: MediaInfo, path: str, tools: Tools, is_partial: bool) -> MediaInfo:
    """The rate at which frames of the first picture come, where the file only tells one."""
    is_told = any(name in (info.format or "") for name in frame_rate.TOLD_ONLY)
    if not is_told or not info.video or not info.video[0].frame_rate:
        return info
    times: list[float] = []

    def take(line: bytes) -> None:
        with suppress(ValueError):
            times.append(float(line.decode("ascii", "replace").strip().rstrip(",")))

    where = frame_rate.stretches(info.duration_ms, is_partial)
    with suppress(Failure):
        shown = ("-select_streams", "v:0", "-read_intervals", where)
        ffprobe.packets(path, tools, "pts_time", take, *shown, timeout_s=ffprobe.TIMEOUT_S)
    video = info.video[0]
    found = frame_rate.average(times, video.frame_rate or Fraction(1), info.duration_ms)
    return info.with_video(replace(video, frame_rate=found, is_vfr=True)) if found else info


def with_true_duration(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Read all packets (no decoding) to learn how long the streams really are."""
    ends = PacketEnds()
    ffprobe.packets(path, tools, "stream_index,pts_time,duration_time", ends.feed)
    starts, lengths = ends.starts(info), ends.lengths(info)
    if not lengths:
        return replace(info, duration_is_exact=False)
    # what is shown before the first packet's picture may be decoded or not
    is_whole = all(starts[video.index] == video.start_ms for video in info.video)
    return replace(
        info,
        duration_ms=_from_first_to_last(starts, lengths),
        duration_is_exact=ends.is_continuous and is_whole,
        video=tuple(
            replace(v, duration_ms=lengths.get(v.index), start_ms=starts[v.index])
            for v in info.video
        ),
        audio=tuple(replace(a, duration_ms=lengths.get(a.index)) for a in info.audio),
    )


def _from_first_to_last(starts: Mapping[int, int], lengths: Mapping[int, int]) -> int:
    """How long all streams take together, in ms."""
    ends = [starts[n] + length for n, length in lengths.items()]
    return max(ends) - min(starts[n] for n in lengths)


def with_late_sound(info: MediaInfo, path: str, tools: Tools) -> MediaInfo:
    """Sound whose decoder begins later than the first packet, and ends as much later than the last."""

    def heard(track: AudioStream) -> AudioStream:
        if track.codec not in _LATE or track.duration_ms is None:
            return track
        frames = ffprobe.first_frames(path, tools, str(track.index), "pts_time,nb_samples")
        try:
            late_ms = round(float(frames[0][0]) * 1000) - track.start_ms
            frame_ms = round(float(frames[0][1]) * 1000 / track.sample_rate)
        except (IndexError, ValueError):
            return track
        if late_ms <= 0:
            return track
        length = track.duration_ms - late_ms + frame_ms
        return replace(track, start_ms=track.start_ms + late_ms, duration_ms=length)

    audio = tuple(map(heard, info.audio))
    streams = [s for s in (*info.video, *audio) if s.duration_ms is not None]
    ends = max((s.start_ms + (s.duration_ms or 0) for s in streams), default=0)
    return replace(info, audio=audio, duration_ms=max(info.duration_ms or 0, ends - info.start_ms))
