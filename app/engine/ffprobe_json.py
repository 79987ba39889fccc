"""ffprobe's JSON as MediaInfo. Pure; every number may be missing, N/A or a lie."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from operators.media import AudioStream, Chapter, MediaInfo, Picture, SubtitleStream, VideoStream
from operators.pixels import pixels_of
from planner.safety import DECODABLE

_Json = Mapping[str, Any]
# demuxers that guess the duration from bitrate or from the last timestamps
_ESTIMATED = ("mp3", "aac", "mpeg", "mpegts", "amr", "flv", "ac3", "h264", "hevc", "asf")
_LOSSLESS = ("flac", "alac", "wavpack", "tta", "ape", "truehd", "mlp")
# they store no presentation times, or not of each packet
_WITHOUT_TIMES = ("avi", "mpeg")
_SAME = Fraction(1, 100)
_PURPOSES = (
    "default", "dub", "original", "comment", "forced", "hearing_impaired", "visual_impaired",
    "clean_effects", "descriptions",
)  # fmt: skip
_SET_BACK_S = 5
"""More than pictures are ever stored ahead of their turn."""


def media_info(document: _Json, size_bytes: int) -> MediaInfo:
    """MediaInfo of `ffprobe -show_format -show_streams -show_chapters -of json`."""
    form: _Json = document.get("format") or {}
    streams: Sequence[_Json] = document.get("streams") or ()
    moving = [s for s in streams if s.get("codec_type") == "video" and not _is_cover(s)]
    covers = [s for s in streams if s.get("codec_type") == "video" and _is_cover(s)]
    name = str(form.get("format_name") or "")
    if name.endswith("_pipe"):
        return _still(name, moving, size_bytes)
    return MediaInfo(
        format=name or None,
        duration_ms=_ms(form.get("duration")),
        duration_is_exact=_is_exact(name, streams),
        size_bytes=size_bytes,
        bitrate_bps=_int(form.get("bit_rate")),
        start_ms=_ms(form.get("start_time")) or 0,
        video=tuple(
            replace(
                _video(s),
                lacks_times=_is_reordered(s) and name in _WITHOUT_TIMES,
                timecode=_timecode(s, form, streams),
            )
            for s in moving
        ),
        audio=tuple(_audio(s) for s in streams if s.get("codec_type") == "audio"),
        subtitles=tuple(
            SubtitleStream(index=_index(s), codec=s.get("codec_name"), language=_tag(s, "language"))
            for s in streams
            if s.get("codec_type") == "subtitle"
        ),
        chapters=tuple(_chapter(c) for c in document.get("chapters") or ()),
        attached_pictures=tuple(
            Picture(
                index=_index(s),
                codec=s.get("codec_name"),
                width=_int(s.get("width")) or 0,
                height=_int(s.get("height")) or 0,
            )
            for s in covers
        ),
        tags={str(key).lower(): str(value) for key, value in (form.get("tags") or {}).items()},
    )


def _still(name: str, streams: Sequence[_Json], size_bytes: int) -> MediaInfo:
    """A picture file: one frame without a clock, whatever rate its demuxer makes up."""
    return MediaInfo(
        format=name,
        size_bytes=size_bytes,
        video=tuple(
            replace(
                _video(s), frame_count=1, frame_rate=None, nominal_frame_rate=None,
                is_vfr=False, duration_ms=None, start_ms=0,
            )
            for s in streams
        ),
        tags={},
    )  # fmt: skip


class PacketEnds:
    """Where each stream ends, from packet lines `stream_index,pts_time,duration_time`.

    Where the clock of a stream is set back, as in files that were put together, FFmpeg goes on from
    where it was; so does this, but the lengths are then no more than likely.
    """

    def __init__(self) -> None:
        self._ends: dict[int, Fraction] = {}
        self._begins: dict[int, Fraction] = {}
        self._moved: dict[int, Fraction] = {}
        self._open: set[int] = set()  # streams whose last packet does not say how long it lasts
        self.is_continuous = True

    def feed(self, line: bytes) -> None:
        words = line.decode("ascii", "replace").split(",")
        number, begin, length, *_ = [*map(_fraction, words), None, None]
        if number is None or begin is None:
            return
        index = int(number)
        end = self._ends.get(index, begin)
        begin += self._moved.get(index, 0)
        if end - begin > _SET_BACK_S:
            self.is_continuous = False
            self._moved[index] = self._moved.get(index, Fraction(0)) + end - begin
            begin = end
        self._begins[index] = min(self._begins.get(index, begin), begin)
        if begin + (length or 0) >= end:
            (self._open.discard if length else self._open.add)(index)
        self._ends[index] = max(end, begin + (length or 0))

    def starts(self, info: MediaInfo) -> dict[int, int]:
        """When each stream begins in ms, by its index: of a picture that is its earliest packet,
        where ffprobe takes the first, which may be shown after others."""
        told = {stream.index: stream.start_ms for stream in (*info.video, *info.audio)}
        seen = {video.index: self._begins.get(video.index) for video in info.video}
        early = {index: round(begin * 1000) for index, begin in seen.items() if begin is not None}
        return {index: min(start, early.get(index, start)) for index, start in told.items()}

    def lengths(self, info: MediaInfo) -> dict[int, int]:
        """The length of each stream in ms, by its index."""
        starts = self.starts(info)
        rates = {v.index: v.frame_rate for v in info.video if v.index in self._open}
        last = {index: 1 / rate for index, rate in rates.items() if rate}
        return {
            index: max(0, round((end + last.get(index, 0)) * 1000) - starts[index])
            for index, end in self._ends.items()
            if index in starts
        }


def _video(stream: _Json) -> VideoStream:
    width, height = _int(stream.get("width")) or 0, _int(stream.get("height")) or 0
    sar = _ratio(stream.get("sample_aspect_ratio"), ":") or Fraction(1)
    rotation = _rotation(stream)
    shown = (round(width * sar), height)
    average, nominal = _ratio(stream.get("avg_frame_rate")), _ratio(stream.get("r_frame_rate"))
    pixels = stream.get("pix_fmt")
    is_vpx = stream.get("codec_name") in ("vp8", "vp9")
    if is_vpx and _tag(stream, "alpha_mode") == "1" and pixels in (None, "yuv420p"):
        pixels = "yuva420p"  # ffprobe's decoder does not see the transparency
    return VideoStream(
        index=_index(stream),
        codec=stream.get("codec_name"),
        profile=stream.get("profile"),
        width=width,
        height=height,
        display_width=shown[1] if rotation % 180 else shown[0],
        display_height=shown[0] if rotation % 180 else shown[1],
        rotation=rotation,
        sar=sar,
        frame_rate=average or nominal,
        nominal_frame_rate=nominal,
        is_vfr=_is_vfr(average, nominal),
        pixel_format=pixels,
        bit_depth=_bit_depth(stream, pixels),
        color_range=stream.get("color_range"),
        color_space=stream.get("color_space"),
        color_transfer=stream.get("color_transfer"),
        color_primaries=stream.get("color_primaries"),
        field_order=stream.get("field_order"),
        extradata_md5=stream.get("extradata_hash"),
        stored_frames=_int(stream.get("nb_frames")),
        start_ms=_ms(stream.get("start_time")) or 0,
        duration_ms=_length(stream),
        bitrate_bps=_int(stream.get("bit_rate")),
        time_base=stream.get("time_base"),
        is_decodable=stream.get("codec_name") in DECODABLE,
    )


def _audio(stream: _Json) -> AudioStream:
    return AudioStream(
        index=_index(stream),
        codec=stream.get("codec_name"),
        sample_rate=_int(stream.get("sample_rate")) or 48000,
        channels=_int(stream.get("channels")) or 1,
        channel_layout=stream.get("channel_layout"),
        language=_tag(stream, "language"),
        title=_tag(stream, "title"),
        disposition=_purposes(stream),
        extradata_md5=stream.get("extradata_hash"),
        bit_depth=_sample_bits(stream),
        is_float=str(stream.get("codec_name")).startswith("pcm_f"),
        start_ms=_ms(stream.get("start_time")) or 0,
        duration_ms=_length(stream),
        bitrate_bps=_int(stream.get("bit_rate")),
        time_base=stream.get("time_base"),
        is_decodable=stream.get("codec_name") in DECODABLE,
    )


def _is_exact(name: str, streams: Sequence[_Json]) -> bool:
    """Whether the duration is more than a guess or one number in a header (Matroska has often
    no other, and it outlives a cut-off file)."""
    first = name.split(",")[0]
    av = [s for s in streams if s.get("codec_type") in ("video", "audio") and not _is_cover(s)]
    is_backed = first != "matroska" or all(_length(s) is not None for s in av)
    return first not in _ESTIMATED and is_backed


def _chapter(chapter: _Json) -> Chapter:
    return Chapter(
        start_ms=_ms(chapter.get("start_time")) or 0,
        end_ms=_ms(chapter.get("end_time")) or 0,
        title=_tag(chapter, "title"),
    )


def _is_cover(stream: _Json) -> bool:
    return bool((stream.get("disposition") or {}).get("attached_pic"))


def _rotation(stream: _Json) -> int:
    """Degrees clockwise that a player turns the picture; ffprobe counts the other way."""
    for side in stream.get("side_data_list") or ():
        degrees = _fraction(side.get("rotation"))
        if degrees is not None:
            return round(-degrees) % 360
    return 0


def _is_vfr(average: Fraction | None, nominal: Fraction | None) -> bool:
    """Frames without a grid: the average differs from the nominal rate (or, interlaced, half)."""
    if not average or not nominal:
        return False
    return all(abs(nominal / average / fields - 1) > _SAME for fields in (1, 2))


def _timecode(stream: _Json, form: _Json, streams: Sequence[_Json]) -> str | None:
    """A picture's own, else the file's, else that of a track for timecodes."""
    tracks = [s for s in streams if s.get("codec_tag_string") == "tmcd"]
    found = (_tag(holder, "timecode") for holder in (stream, form, *tracks))
    return next((timecode for timecode in found if timecode), None)


def _purposes(stream: _Json) -> tuple[str, ...]:
    marked: _Json = stream.get("disposition") or {}
    return tuple(name for name in _PURPOSES if marked.get(name))


def _is_reordered(stream: _Json) -> bool:
    """Whether pictures are stored in another order than they are shown in."""
    return bool(_int(stream.get("has_b_frames")))


def _bit_depth(stream: _Json, pixels: str | None) -> int | None:
    depth = pixels_of(pixels).depth
    if depth > 8:
        return depth
    return _int(stream.get("bits_per_raw_sample")) or (8 if pixels else None)


def _sample_bits(stream: _Json) -> int | None:
    """Of lossless codecs; lossy ones tell bits of their own, or none."""
    codec = str(stream.get("codec_name"))
    if not codec.startswith("pcm_") and codec not in _LOSSLESS:
        return None
    return _int(stream.get("bits_per_raw_sample")) or _int(stream.get("bits_per_sample")) or None


def _length(stream: _Json) -> int | None:
    tagged = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", _tag(stream, "duration") or "")
    if stream.get("duration") is None and tagged:
        end = int(tagged[1]) * 3600 + int(tagged[2]) * 60 + Fraction(tagged[3])
        # the tag is where the stream ends, not how long it is
        return max(0, round(end * 1000) - (_ms(stream.get("start_time")) or 0))
    return _ms(stream.get("duration"))


def _tag(holder: _Json, name: str) -> str | None:
    tags = {str(key).lower(): str(value) for key, value in (holder.get("tags") or {}).items()}
    return tags.get(name)


def _index(stream: _Json) -> int:
    return _int(stream.get("index")) or 0


def _fraction(value: object) -> Fraction | None:
    try:
        return Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        return None


def _ratio(value: object, separator: str = "/") -> Fraction | None:
    """A positive ratio; 0/0, 0:1 and N/A are unknown."""
    found = _fraction(str(value).replace(separator, "/"))
    return found if found and found > 0 else None


def _int(value: object) -> int | None:
    found = _fraction(value)
    return None if found is None else int(found)


def _ms(value: object) -> int | None:
    found = _fraction(value)
    return None if found is None else round(found * 1000)
