"""`pad`: put the picture on a larger canvas."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from operators.contract import (
    SAME_SOUND,
    BadParameters,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    filter_cost,
    needs,
    wrong,
)
from operators.fields import with_lines_moved
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo, VideoStream
from operators.paint import framed, painted
from operators.parameters import Color, Int, Size, String
from operators.picture import LARGEST, centre, display_aspect, pad_format, padded, to_even
from operators.problem import Problem
from operators.reading import param
from operators.registry import register

_ASPECT = r"([1-9]\d{0,4}):([1-9]\d{0,4})"


@register
@dataclass(frozen=True, kw_only=True)
class Pad(Operator):
    """Put the picture on a larger canvas: of a given size, or just large enough for an aspect ratio.

    The picture itself keeps every pixel; by default it lies in the middle.
    """

    name: ClassVar[str] = "pad"
    category: ClassVar[Category] = Category.VIDEO
    looks_back: ClassVar[int | None] = 0
    keeps = SAME_SOUND
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="Bars beside an upright phone video", params={"aspect": "16:9"}),
        Example(
            description="A white frame",
            params={"width": 1320, "height": 760, "color": "white"},
        ),
    )
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("width", "aspect"), ("height", "aspect"))

    width: int | None = param(
        Int(min=1, max=LARGEST.width), "Pixels across; unset: as it is", default=None
    )
    height: int | None = param(
        Int(min=1, max=LARGEST.height), "Pixels down; unset: as it is", default=None
    )
    aspect: str | None = param(
        String(pattern=_ASPECT), "Shape of the canvas, instead of a size", default=None,
        examples=("16:9", "1:1"),
    )  # fmt: skip
    x: int | None = param(
        Int(min=0, max=LARGEST.width), "Where the picture's left edge lies; unset: centred", default=None
    )  # fmt: skip
    y: int | None = param(
        Int(min=0, max=LARGEST.height), "Where its top edge lies; unset: centred", default=None
    )
    color: str = param(Color(), "The canvas", default="black", examples=("white", "#102030"))

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def validate(self) -> list[Problem]:
        problems = super().validate()
        if self.width is None and self.height is None and self.aspect is None:
            problems.append(
                wrong("width", "width, height or aspect is needed", "Give one of them.")
            )
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        canvas = self._canvas(video)
        found = [
            wrong(
                edge if at else name,
                f"the canvas's {name} of {whole} has no room for the picture's {size}"
                + (f" at {edge} {at}" if at else ""),
                f"Use a {name} of at least {(at or 0) + size}, or scale the picture down first.",
            )
            for name, size, edge, at, whole in (
                ("width", video.width, "x", self.x, canvas.width),
                ("height", video.height, "y", self.y, canvas.height),
            )
            if (at or 0) + size > whole
        ]
        found += [
            wrong("aspect", f"the canvas would be {canvas}, larger than {LARGEST}")
            for _ in range(canvas.width > LARGEST.width or canvas.height > LARGEST.height)
        ]
        if found:
            raise BadParameters(*found)
        made = replace(
            with_lines_moved(video, self._corner(video, canvas)[1]),
            width=canvas.width,
            height=canvas.height,
            display_width=round(canvas.width * video.sar),
            display_height=canvas.height,
            pixel_format=pad_format(video.pixel_format, canvas, *self._corner(video, canvas)),
        )
        return source.with_video(painted(video, made, self.color))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.01, memory_mb=30)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        video = source.video[0]
        canvas = self._canvas(video)
        x, y = self._corner(video, canvas)

        def bars(color: str, is_rgb: bool) -> tuple[Filter, ...]:
            return padded("rgba" if is_rgb else video.pixel_format, canvas, x, y, color)

        return framed(video, result.video[0], self.color, bars)

    def _canvas(self, video: VideoStream) -> Size:
        asked = re.fullmatch(_ASPECT, self.aspect or "")
        if not asked:
            return Size(width=self.width or video.width, height=self.height or video.height)
        aspect = Fraction(int(asked[1]), int(asked[2]))
        if aspect > display_aspect(video):
            width = to_even(video.height * aspect / video.sar)
            return Size(width=max(width, video.width), height=video.height)
        height = to_even(video.width * video.sar / aspect)
        return Size(width=video.width, height=max(height, video.height))

    def _corner(self, video: VideoStream, canvas: Size) -> tuple[int, int]:
        inside = Size(width=video.width, height=video.height)
        x, y = centre(video.pixel_format, canvas, inside)
        return x if self.x is None else self.x, y if self.y is None else self.y
