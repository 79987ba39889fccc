"""`thumbnail`: still pictures out of a moving one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import ClassVar

from operators.capabilities import HasSidecar
from operators.contract import (
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    bad_parameter,
    filter_cost,
    needs,
    per_track,
    wrong,
)
from operators.duration import format_seconds
from operators.filtergraph import Expression, Filter, Link, Rate
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Duration, Enum, Int, Size, Timecode
from operators.picture import LARGEST, SQUARE, display_aspect, seen_size, to_even
from operators.problem import Problem
from operators.reading import param
from operators.registry import register

_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Moments:
    """`count` positions, `step` seconds apart, from `first` on."""

    first: Fraction
    step: Fraction
    count: int


@register
@dataclass(frozen=True, kw_only=True)
class Thumbnail(Operator, HasSidecar):
    """Take pictures: one at `time`, `count` of them spread over the programme, or one every
    `interval`. Without any of these, the one in the middle.

    Several pictures become numbered files (`thumb.jpg` makes `thumb-0001.jpg` and so on). With
    `columns` they become one contact sheet, with a WebVTT index beside it for players.
    """

    name: ClassVar[str] = "thumbnail"
    category: ClassVar[Category] = Category.OUTPUT
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="A poster, 640 wide", params={"time": "12s", "width": 640}),
        Example(
            description="A contact sheet for scrubbing: 5 across, one every ten seconds",
            params={"interval": "10s", "columns": 5, "width": 160},
        ),
    )
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("time", "count", "interval"),)

    time: Fraction | None = param(Timecode(), "Where the one picture is taken", default=None)
    count: int | None = param(Int(min=1, max=_MOST), "How many, evenly spread", default=None)
    interval: Fraction | None = param(
        Duration(min=Fraction(1, 100)), "Time from one to the next", default=None
    )
    width: int | None = param(Int(min=2, max=LARGEST.width), "Pixels across", default=None)
    height: int | None = param(Int(min=2, max=LARGEST.height), "Pixels down", default=None)
    format: str | None = param(
        Enum(values=("jpg", "png", "webp")),
        "What the file must be; unset: as its name says",
        default=None,
    )
    columns: int | None = param(
        Int(min=1, max=50),
        "Pictures in a row of a contact sheet; unset: separate files",
        default=None,
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def validate(self) -> list[Problem]:
        problems = super().validate()
        if self.columns is not None and self.count is None and self.interval is None:
            problems.append(wrong("columns", "a contact sheet needs count or interval"))
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        moments = self._moments(source)
        one = self._size(video)
        picture = replace(
            video.resized(one.width, one.height), frame_count=moments.count, duration_ms=None,
            frame_rate=None, nominal_frame_rate=None, is_vfr=False, start_ms=0, bitrate_bps=None,
            codec=None, field_order=None,
        )  # fmt: skip
        if self.columns:
            sheet = self._sheet(one, moments.count)
            if sheet.width * sheet.height > LARGEST.width * LARGEST.height * 4:
                raise bad_parameter(
                    "columns",
                    f"the contact sheet would be {sheet}",
                    "Use smaller or fewer pictures.",
                )
            picture = replace(picture.resized(sheet.width, sheet.height), frame_count=1)
        return MediaInfo(
            format=self.format,
            video=(picture,),
            duration_is_exact=source.duration_is_exact,
            tags={},
        )

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(sources[0], factor=0.01, memory_mb=60)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        video = source.video[0]
        moments, size = self._moments(source), self._size(video)
        filters: list[Filter] = []
        if not video.frame_count:
            # round=up with a late start: each tick shows the last frame at or before it
            filters += [
                # one more frame: else nobody knows how long the last one is shown; of several, the
                # last ones may lie after a picture that ends before the sound does
                Filter.of("tpad", stop_mode="clone", stop=1 if moments.count == 1 else -1),
                # times are compared in the picture's time base, which may count whole frames only
                Filter.of("settb", expr=Expression("AVTB")),
                Filter.of("fps", fps=Rate(1 / moments.step), start_time=moments.first, round="up"),
                Filter.of("trim", end_frame=moments.count),
            ]
        if size != Size(width=video.width, height=video.height) or video.sar != 1:
            filters += [Filter.of("scale", w=size.width, h=size.height, flags="bicubic"), SQUARE]
        if self.columns:
            rows = ceil(Fraction(moments.count, self.columns))
            filters.append(Filter.of("tile", layout=f"{self.columns}x{rows}"))
        is_clocked = not video.frame_count and moments.first > 0
        return per_track(source, video=filters, ahead=(moments.first,) if is_clocked else ())

    def sidecar(self, sources: Sequence[MediaInfo]) -> str | None:
        if not self.columns:
            return None
        (source,) = sources
        moments, size = self._moments(source), self._size(source.video[0])
        length = Fraction(source.duration_ms or 0, 1000)
        half = Fraction(0) if self.interval is not None else moments.step / 2
        cues = ["WEBVTT"]
        for n in range(moments.count):
            begin = moments.first + n * moments.step - half
            end = length if n == moments.count - 1 else begin + moments.step
            row, column = divmod(n, self.columns)
            corner = f"{column * size.width},{row * size.height}"
            cues.append(
                f"{_clock(begin)} --> {_clock(end)}\n{{name}}#xywh={corner},{size.width},{size.height}"
            )
        return "\n\n".join(cues) + "\n"

    def _moments(self, source: MediaInfo) -> Moments:
        video = source.video[0]
        if video.frame_count:
            return Moments(first=Fraction(0), step=Fraction(1), count=1)
        length_ms = video.duration_ms if video.duration_ms is not None else source.duration_ms
        length = None if length_ms is None else Fraction(length_ms, 1000)
        if self.time is not None:
            if length is not None and self.time >= length and source.duration_is_exact:
                raise bad_parameter(
                    "time",
                    f"the picture ends at {format_seconds(length, 3)} s",
                    "Choose an earlier time.",
                )
            return Moments(first=self.time, step=Fraction(3600), count=1)
        if length is None:
            if self.count is None and self.interval is None:
                return Moments(first=Fraction(0), step=Fraction(3600), count=1)
            raise bad_parameter(
                "count" if self.count else "interval",
                "the input's length is not known",
                "Use time.",
            )
        if self.interval is not None:
            count = max(1, ceil(length / self.interval))
            if count > _MOST:
                raise bad_parameter("interval", f"this makes {count} pictures, more than {_MOST}")
            return Moments(first=Fraction(0), step=self.interval, count=count)
        count = self.count or 1
        step = max(length, Fraction(1, 1000)) / count
        return Moments(first=step / 2, step=step, count=count)

    def _size(self, video: VideoStream) -> Size:
        seen = seen_size(video)
        width, height = self.width, self.height
        if width is None and height is None:
            return seen
        shape = display_aspect(video)
        return Size(
            width=width or to_even((height or 2) * shape),
            height=height or to_even((width or 2) / shape),
        )

    def _sheet(self, one: Size, count: int) -> Size:
        columns = self.columns or 1
        return Size(width=one.width * columns, height=one.height * ceil(Fraction(count, columns)))


def _clock(seconds: Fraction) -> str:
    total = round(seconds * 1000)
    hours, rest = divmod(total, 3_600_000)
    minutes, ms = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"
