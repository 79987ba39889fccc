"""`rotate`: turn the picture clockwise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, cos, pi, radians, sin
from typing import ClassVar

from operators.contract import (
    SAME_SOUND,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    filter_cost,
    needs,
    per_track,
)
from operators.fields import with_lines_moved
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo, VideoStream
from operators.paint import framed, painted
from operators.parameters import Color, Float
from operators.picture import seen_size, squared
from operators.reading import param
from operators.registry import register

# quarter turns move pixels and blend nothing
_QUARTERS: dict[float, tuple[Filter, ...]] = {
    0: (),
    90: (Filter.of("transpose", dir="clock"),),
    180: (Filter.of("hflip"), Filter.of("vflip")),
    270: (Filter.of("transpose", dir="cclock"),),
}


@register
@dataclass(frozen=True, kw_only=True)
class Rotate(Operator):
    """Turn the picture clockwise. Quarter turns are exact; at other angles the canvas grows so that
    nothing is cut off, and `fill` shows in the corners.

    The rotation that a phone notes in its files is applied before, whatever is asked here.
    """

    name: ClassVar[str] = "rotate"
    category: ClassVar[Category] = Category.VIDEO
    looks_back: ClassVar[int | None] = 0
    keeps = SAME_SOUND
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="A quarter turn to the right", params={"angle": 90}),
        Example(description="A slight tilt on white", params={"angle": 5, "fill": "white"}),
    )

    angle: float = param(
        Float(min=-360, max=360), "Degrees clockwise; negative: the other way", examples=(90, -90)
    )
    fill: str = param(Color(), "What shows in the corners", default="black")

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        if self._turn in (0, 180):
            return source.with_video(with_lines_moved(video, (video.height - 1) * bool(self._turn)))
        if video.is_interlaced:
            video = replace(video, field_order=None)
        if self._turn in _QUARTERS:
            turned = replace(video, width=video.height, height=video.width, sar=1 / video.sar)
            shown = round(Fraction(turned.width) * turned.sar)
            return source.with_video(
                replace(turned, display_width=shown, display_height=turned.height)
            )
        tilted = video.resized(*self._canvas(video))
        return source.with_video(painted(video, tilted, self.fill))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.03 if self._turn in _QUARTERS else 0.15, memory_mb=40)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        filters = _QUARTERS.get(self._turn)
        if filters is not None:
            return per_track(source, video=filters)
        return self._tilted(source.video[0], result.video[0])

    @property
    def _turn(self) -> float:
        return self.angle % 360

    def _tilted(self, video: VideoStream, made: VideoStream) -> tuple[Link, ...]:
        width, height = self._canvas(video)
        angle = self._turn * pi / 180

        def turned(color: str, is_rgb: bool) -> tuple[Filter, ...]:
            turn = Filter.of("rotate", angle=angle, ow=width, oh=height, fillcolor=color)
            return (turn,) if is_rgb else (*squared(video), turn)

        seen = seen_size(video)
        return framed(video.resized(seen.width, seen.height), made, self.fill, turned)

    def _canvas(self, video: VideoStream) -> tuple[int, int]:
        """The smallest even size that holds the turned picture."""
        size, angle = seen_size(video), radians(self._turn)
        across, down = abs(cos(angle)), abs(sin(angle))
        return (
            2 * ceil(round((size.width * across + size.height * down) / 2, 6)),
            2 * ceil(round((size.width * down + size.height * across) / 2, 6)),
        )
