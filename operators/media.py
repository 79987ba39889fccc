"""MediaInfo: what is known of a file or of the streams on an edge of the plan.

Values only; reading a file is `app.engine.probe`. Times are whole milliseconds, rates are exact
fractions that are written as text (`30000/1001`), so the JSON form loses nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self

_SAME_RATE = Fraction(1, 100)
_INTERLACED = ("tt", "bb", "tb", "bt")
_TEXT_CODECS = ("subrip", "srt", "webvtt", "ass", "ssa", "mov_text")
_UNIT_LOAD = 1280 * 720 * 25


class Kind(StrEnum):
    """The kinds of stream that operators work on."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"


FLOWING = (Kind.VIDEO, Kind.AUDIO)
"""The kinds that run through filters; subtitles are read from their file by who burns them in."""


class _Json:
    """JSON form of the frozen dataclasses below: field names as they are, fractions as text."""

    def to_json(self) -> dict[str, Any]:
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}  # type: ignore[attr-defined]

    @classmethod
    def _known(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        names = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        return {key: value for key, value in data.items() if key in names}


_PLAIN = frozenset({type(None), bool, int, float, str})


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:  # nearly everything: asked first
        return value
    match value:
        case _Json():
            return value.to_json()
        case tuple():
            return [_plain(item) for item in value]
        case Fraction():
            return rate_text(value)
        case _:
            return value


def rate_text(rate: Fraction) -> str:
    """A rate as FFmpeg writes it: `30000/1001`, `25/1`."""
    return f"{rate.numerator}/{rate.denominator}"


def _fraction(text: object) -> Fraction | None:
    return None if text is None else Fraction(str(text))


@dataclass(frozen=True, kw_only=True)
class Stream(_Json):
    """What picture and sound have in common. `index` is the stream's place in its file."""

    index: int = 0
    codec: str | None = None
    start_ms: int = 0
    duration_ms: int | None = None
    bitrate_bps: int | None = None
    time_base: str | None = None
    """Seconds that a timestamp counts, as FFmpeg writes it: `1/90000`."""
    is_decodable: bool = True


@dataclass(frozen=True, kw_only=True)
class VideoStream(Stream):
    """One moving picture. `width` and `height` are stored pixels, `display_*` what is seen
    after rotation and sample aspect ratio; `rotation` is degrees clockwise, 0..359."""

    profile: str | None = None
    width: int
    height: int
    display_width: int
    display_height: int
    rotation: int = 0
    sar: Fraction = Fraction(1)
    frame_rate: Fraction | None = None
    nominal_frame_rate: Fraction | None = None
    is_vfr: bool = False
    pixel_format: str | None = None
    bit_depth: int | None = None
    color_range: str | None = None
    color_space: str | None = None
    color_transfer: str | None = None
    color_primaries: str | None = None
    field_order: str | None = None
    extradata_md5: str | None = None
    """Of the decoder's set-up data: two streams with the same can follow each other as they are."""
    timecode: str | None = None
    """Of its first frame (SMPTE 12M); empty where it had one that is not true any more."""
    lacks_times: bool = False
    """Whether its packets come in the order of decoding without the times at which they are shown."""
    stored_frames: int | None = None
    """Where the container counts them; an edit list may hide some."""
    frame_count: int | None = None
    """Of pictures without a clock: 1 for a still, more for thumbnails; None for what moves."""

    @property
    def is_still(self) -> bool:
        return self.frame_count == 1

    @property
    def is_interlaced(self) -> bool:
        """Whether the file says that its frames are two fields each, of different moments."""
        return self.field_order in _INTERLACED

    @property
    def load(self) -> float:
        """How much this is a second, in units of 720p at 25 frames a second; 0 of a still."""
        rate = 0 if self.is_still else self.frame_rate or self.nominal_frame_rate or 25
        return self.width * self.height * float(rate) / _UNIT_LOAD

    @property
    def is_full_range(self) -> bool:
        """Whether luma runs from 0 to 255 (in YUV; RGB always does)."""
        pixels = self.pixel_format or ""
        return pixels.startswith("yuvj") or (self.color_range == "pc" and pixels.startswith("yuv"))

    @property
    def grid_rate(self) -> Fraction | None:
        """Frames a second of a constant-rate stream; None where frames keep no such grid."""
        if self.is_vfr or not self.frame_rate:
            return None
        nominal = self.nominal_frame_rate
        if nominal and abs(nominal / self.frame_rate - 1) < _SAME_RATE:
            return nominal
        return self.frame_rate

    def resized(self, width: int, height: int) -> Self:
        """This stream with square pixels of another size."""
        return replace(
            self,
            width=width,
            height=height,
            display_width=width,
            display_height=height,
            sar=Fraction(1),
        )

    def upright(self) -> Self:
        """The stream as a decoder hands it over: the display matrix applied once."""
        if self.rotation % 180 != 90:  # FFmpeg leaves the size alone for other angles
            return replace(self, rotation=0)
        return replace(self, width=self.height, height=self.width, rotation=0, sar=1 / self.sar)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        rates = {
            name: _fraction(data.get(name)) for name in ("sar", "frame_rate", "nominal_frame_rate")
        }
        return cls(**{**cls._known(data), **rates})


@dataclass(frozen=True, kw_only=True)
class AudioStream(Stream):
    """One audio track."""

    sample_rate: int
    channels: int
    channel_layout: str | None = None
    language: str | None = None
    extradata_md5: str | None = None
    bit_depth: int | None = None
    """Bits of a stored sample; None where the codec keeps no samples, but what one hears of them."""
    is_float: bool = False
    """Whether samples may be above full scale."""
    title: str | None = None
    disposition: tuple[str, ...] = ()
    """What it is for, in FFmpeg's words: default, comment, hearing_impaired, …"""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known = cls._known(data)
        return cls(**{**known, "disposition": tuple(known.get("disposition") or ())})


@dataclass(frozen=True, kw_only=True)
class SubtitleStream(_Json):
    """One subtitle track."""

    index: int = 0
    codec: str | None = None
    language: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether it holds words, not pictures of them."""
        return self.codec in _TEXT_CODECS

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**cls._known(data))


@dataclass(frozen=True, kw_only=True)
class Picture(_Json):
    """A cover picture: attached to the file, not a video stream."""

    index: int = 0
    codec: str | None = None
    width: int
    height: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**cls._known(data))


@dataclass(frozen=True, kw_only=True)
class Chapter(_Json):
    """A named span of the file."""

    start_ms: int
    end_ms: int
    title: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**cls._known(data))


@dataclass(frozen=True, kw_only=True)
class MediaInfo(_Json):
    """A file, or the streams that a reference carries. `format` is FFmpeg's demuxer name."""

    format: str | None = None
    duration_ms: int | None = None
    duration_is_exact: bool = True
    size_bytes: int | None = None
    bitrate_bps: int | None = None
    start_ms: int = 0
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    attached_pictures: tuple[Picture, ...] = ()
    guessed_encoding: str | None = None
    """Of a text that does not say how its letters are written."""
    tags: Mapping[str, str]

    @property
    def kinds(self) -> frozenset[Kind]:
        flowing = {kind for kind in FLOWING if self.streams(kind)}
        return frozenset(flowing | {Kind.SUBTITLE} if self.subtitles else flowing)

    def streams(self, kind: Kind) -> tuple[VideoStream, ...] | tuple[AudioStream, ...]:
        return self.video if kind is Kind.VIDEO else self.audio

    @property
    def is_still(self) -> bool:
        """One picture, or some, and nothing that moves or sounds."""
        return bool(self.video and self.video[0].frame_count and not self.audio)

    @property
    def duration(self) -> Fraction | None:
        """Seconds, exact to the millisecond."""
        return None if self.duration_ms is None else Fraction(self.duration_ms, 1000)

    @property
    def picture_load(self) -> float:
        """How much its moving picture is a second, in units of 720p at 25 frames a second."""
        return sum(v.load for v in self.video[:1])

    def with_video(self, video: VideoStream) -> Self:
        """The same media with another first picture."""
        return replace(self, video=(video, *self.video[1:]))

    def lasting(self, duration_ms: int | None) -> Self:
        """The same media, every stream from 0 to `duration_ms`."""
        return replace(
            self,
            duration_ms=duration_ms,
            start_ms=0,
            video=tuple(replace(v, duration_ms=duration_ms, start_ms=0) for v in self.video),
            audio=tuple(replace(a, duration_ms=duration_ms, start_ms=0) for a in self.audio),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known = cls._known(data)
        for name, item in _LISTS.items():
            known[name] = _each(item, data.get(name) or ())
        return cls(**{**known, "tags": dict(data.get("tags") or {})})


_LISTS: dict[str, Any] = {
    "video": VideoStream,
    "audio": AudioStream,
    "subtitles": SubtitleStream,
    "chapters": Chapter,
    "attached_pictures": Picture,
}


def _each(item: Any, values: Iterable[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(item.from_json(value) for value in values)
