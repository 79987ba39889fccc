"""`trim`: keep one span of a programme, exact to the frame, sound and picture together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import ClassVar, TypeVar

from operators.capabilities import Cut, PacketCopy
from operators.contract import (
    Category,
    Estimates,
    Example,
    Likeness,
    Operator,
    Requirements,
    bad_parameter,
    filter_cost,
    needs,
    per_track,
    wrong,
)
from operators.duration import format_seconds, to_ms
from operators.filtergraph import Expression, Filter, Link
from operators.media import AudioStream, MediaInfo, VideoStream
from operators.parameters import Duration, Enum, Timecode
from operators.picture import STILL_RATE, held, held_ms
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.timecode import moved

# A position this close behind a frame (in frames) means that frame: 0.367 s is frame 11 of 30 fps.
_NEAR = Fraction(1, 50)

Stream = TypeVar("Stream", VideoStream, AudioStream)


@dataclass(frozen=True, kw_only=True)
class Span:
    """What is kept, in seconds on the source's clock. `frame` is the frame length where frames
    keep a grid; then `start` and `end` lie on it."""

    start: Fraction
    end: Fraction | None
    frame: Fraction | None = None


@register
@dataclass(frozen=True, kw_only=True)
class Trim(Operator, PacketCopy):
    """Keep the part from `start` to `end` (or for `duration`); without either, all that follows.

    A frame belongs to the part when it begins at or after `start` and before `end`. Where frames
    come at a constant rate, sound is cut at the same frame borders, so that both stay in step.
    """

    name: ClassVar[str] = "trim"
    category: ClassVar[Category] = Category.TIMELINE
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="Two seconds from the first second on", params={"start": 1, "end": 3}),
        Example(
            description="Half a minute out of the second hour",
            params={"start": "01:10:00", "duration": "30s"},
        ),
    )
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("duration", "end"),)

    start: Fraction = param(
        Timecode(), "Where the part begins", default=Fraction(0), examples=("10s", "00:01:30.5")
    )
    duration: Fraction | None = param(
        Duration(min=Fraction(1, 1000)), "How long it lasts", default=None, examples=("5s",)
    )
    end: Fraction | None = param(
        Timecode(), "Where the part ends, instead of duration", default=None, examples=("15s",)
    )
    mode: str = param(
        Enum(values=("accurate", "keyframe")),
        "accurate: exact to the frame; keyframe: may begin at an earlier keyframe, to save an encode",
        default="accurate",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([])

    def validate(self) -> list[Problem]:
        problems = super().validate()
        if self.end is not None and self.end <= self.start:
            problems.append(wrong("end", "end must be after start", "Swap start and end."))
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        if source.is_still:
            return self._shown(source)
        span = self._span(source)
        video = tuple(
            replace(_cut(stream, source, span), timecode=_later(stream, source, span))
            for stream in source.video
        )
        audio = tuple(_cut(stream, source, span) for stream in source.audio)
        lengths = [s.duration_ms for s in (*video, *audio) if s.duration_ms is not None]
        asked = None if span.end is None else to_ms(span.end - span.start)
        if lengths and min(lengths) <= 0 and source.duration_is_exact:
            raise bad_parameter(
                "start",
                f"from {format_seconds(self.start, 3)} s on nothing is left of the input's picture or "
                f"sound (it lasts {format_seconds(source.duration or Fraction(0), 3)} s)",
                "Choose an earlier start or a later end, or trim one kind alone (id:v, id:a).",
            )
        return replace(
            source,
            video=video,
            audio=audio,
            start_ms=0,
            duration_ms=max(lengths, default=asked),
            bitrate_bps=None,
            size_bytes=None,
            chapters=(),
        )

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.01, memory_mb=20)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        if source.is_still:
            asked = self._asked
            return () if asked is None else per_track(source, video=held(asked))
        span = self._span(source)
        # a little early: the cut falls between frames, whatever the container rounds to. Not half a
        # frame: where time is counted in whole frames, FFmpeg would have to round it up or down
        early = (span.frame or Fraction(0)) * _EARLY
        video = (
            Filter.of("trim", **_bounds(span, early)),
            Filter.of("setpts", expr=self._rebase(span, source)),
        )
        audio = (
            Filter.of("atrim", **_bounds(span, Fraction(0))),
            Filter.of("asetpts", expr=_first_sample(span)),
        )
        return per_track(source, video, audio, ahead=(span.start,) if span.start else ())

    def copied(self, sources: Sequence[MediaInfo]) -> Cut | None:
        (source,) = sources
        if self.mode != "keyframe" or source.is_still:
            return None
        span = self._span(source)
        return Cut(start=span.start, end=span.end)

    def likeness(self, sources: Sequence[MediaInfo]) -> Likeness | None:
        return Likeness(start=self._span(sources[0]).start)

    @property
    def _asked(self) -> Fraction | None:
        """The length that is asked for; None: all that follows."""
        if self.end is not None:
            return self.end - self.start
        return self.duration

    def _shown(self, source: MediaInfo) -> MediaInfo:
        """A still, shown for the length that is asked for."""
        if self._asked is None:
            return source
        length_ms = held_ms(self._asked)
        moving = replace(
            source.video[0],
            frame_count=None,
            frame_rate=STILL_RATE,
            nominal_frame_rate=STILL_RATE,
            duration_ms=length_ms,
        )
        return replace(source, video=(moving,), duration_ms=length_ms)

    def _span(self, source: MediaInfo) -> Span:
        """The span in seconds, moved to frame borders where frames keep a grid."""
        end = self.end if self.duration is None else self.start + self.duration
        rate = source.video[0].grid_rate if source.video else None
        if not rate:
            return Span(start=self.start, end=end)
        offset = _offset(source.video[0], source)

        def on_grid(seconds: Fraction) -> Fraction:
            return max(Fraction(0), offset + ceil((seconds - offset) * rate - _NEAR) / rate)

        start = on_grid(self.start) if self.start > 0 else Fraction(0)
        return Span(start=start, end=None if end is None else on_grid(end), frame=1 / rate)

    def _rebase(self, span: Span, source: MediaInfo) -> Expression:
        """The expression that makes `span.start` the new 0, without moving sound against picture."""
        if span.frame is not None and all(_offset(v, source) <= span.start for v in source.video):
            return Expression("PTS-STARTPTS")  # something begins exactly there
        shifted = f"round(PTS-{format_seconds(span.start)}/TB)"
        # the first of irregular frames is the picture that was showing at the cut
        is_cut = span.start > 0 and span.frame is None
        return Expression(f"if(N,{shifted},0)" if is_cut else shifted)


def _first_sample(span: Span) -> Expression:
    """The same for sound, in samples. Not STARTPTS: that is anew where the stream's rate changes."""
    if not span.start:
        return Expression("PTS")
    return Expression(f"round(PTS-ceil({format_seconds(span.start)}*SR-0.001)/(SR*TB))")


_EARLY = Fraction(2, 5)


def _offset(stream: VideoStream | AudioStream, source: MediaInfo) -> Fraction:
    return Fraction(stream.start_ms - source.start_ms, 1000)


def _cut(stream: Stream, source: MediaInfo, span: Span) -> Stream:
    """The stream after the cut, with its exact new length."""
    length_ms = stream.duration_ms if stream.duration_ms is not None else source.duration_ms
    offset = _offset(stream, source)
    begin, frame = max(span.start, offset), span.frame
    end = span.end
    if length_ms is not None:
        length = Fraction(length_ms, 1000)
        if frame and isinstance(stream, VideoStream):
            length = round(length / frame) * frame
        end = offset + length if end is None else min(end, offset + length)
    start_ms = to_ms(begin - span.start)
    return replace(
        stream,
        start_ms=start_ms,
        duration_ms=None if end is None else max(0, to_ms(end - begin)),
        bitrate_bps=None,
    )


def _later(stream: VideoStream, source: MediaInfo, span: Span) -> str | None:
    """The timecode of the first frame behind a cut."""
    skipped = max(Fraction(0), span.start - _offset(stream, source))
    if not skipped:
        return stream.timecode
    rate = stream.grid_rate
    return moved(stream.timecode, round(skipped * (rate or 0)), rate)


def _bounds(span: Span, early: Fraction) -> dict[str, Fraction | None]:
    start = span.start - early if span.start > 0 else None
    return {"start": start, "end": None if span.end is None else span.end - early}
