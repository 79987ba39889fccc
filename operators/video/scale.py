"""`scale`: resize the picture, with square pixels as the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

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
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Enum, Int, Size
from operators.problem import Problem
from operators.reading import param
from operators.registry import register

LARGEST = Size(width=7680, height=4320)


def _side(value: int) -> str | None:
    return None if value else "must not be 0; -2 keeps the aspect ratio"


@register
@dataclass(frozen=True, kw_only=True)
class Scale(Operator):
    """Resize the picture. Pixels come out square, so that the sizes are what a viewer sees.

    -1 or -2 for one side keeps the aspect ratio of the displayed picture, rounded to an even number.
    With both sides given, `fit` says what becomes of a picture of another shape.
    """

    name: ClassVar[str] = "scale"
    category: ClassVar[Category] = Category.VIDEO
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="720 lines, the shape kept", params={"width": -2, "height": 720}),
        Example(
            description="A square with bars where needed",
            params={"width": 640, "height": 640, "fit": "contain", "algorithm": "lanczos"},
        ),
    )

    width: int = param(
        Int(min=-2, max=LARGEST.width, custom=_side),
        "Pixels; -1 or -2 keeps the aspect ratio",
        default=-2,
        examples=(1280,),
    )
    height: int = param(
        Int(min=-2, max=LARGEST.height, custom=_side),
        "Pixels; -1 or -2 keeps the aspect ratio",
        default=-2,
        examples=(720, -2),
    )
    algorithm: str = param(
        Enum(values=("bilinear", "bicubic", "lanczos", "neighbor")),
        "How pixels are interpolated",
        default="bicubic",
    )
    fit: str = param(
        Enum(values=("stretch", "contain", "cover")),
        "stretch: distort; contain: add black bars; cover: cut off what stands over",
        default="stretch",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def validate(self) -> list[Problem]:
        if self.width > 0 or self.height > 0:
            return super().validate()
        return [wrong("width", "width or height must be a number of pixels", "Give one of them.")]

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        size = self._target(video)
        for name, side, most in (
            ("width", size.width, LARGEST.width),
            ("height", size.height, LARGEST.height),
        ):
            if side > most:
                raise bad_parameter(
                    name, f"{name} would become {side}, more than {most}", "Choose a smaller size."
                )
        return source.with_video(video.resized(size.width, size.height))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        pixels = result.video[0].width * result.video[0].height
        return filter_cost(result, factor=0.04 * pixels / (1280 * 720), memory_mb=50)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        size = self._target(source.video[0])
        return per_track(source, video=(*self._fitted(source.video[0], size), _SQUARE))

    def _target(self, video: VideoStream) -> Size:
        shape = display_aspect(video)
        if self.width < 0:
            return Size(width=to_even(self.height * shape), height=self.height)
        if self.height < 0:
            return Size(width=self.width, height=to_even(self.width / shape))
        return Size(width=self.width, height=self.height)

    def _fitted(self, video: VideoStream, size: Size) -> tuple[Filter, ...]:
        is_free = self.width < 0 or self.height < 0
        if self.fit == "stretch" or is_free:
            return (self._resize(size),)
        inside, around = _fit_sizes(display_aspect(video), size)
        if self.fit == "contain":
            bars = Filter.of(
                "pad",
                w=size.width,
                h=size.height,
                x=(size.width - inside.width) // 2,
                y=(size.height - inside.height) // 2,
            )
            return (self._resize(inside), bars)
        # exact=1: without it FFmpeg rounds x and y to the chroma grid
        cut = Filter.of("crop", w=size.width, h=size.height, exact=1)
        return (self._resize(around), cut)

    def _resize(self, size: Size) -> Filter:
        return Filter.of("scale", w=size.width, h=size.height, flags=self.algorithm)


# scale keeps the display shape by changing the sample aspect ratio; what was asked for is pixels
_SQUARE = Filter.of("setsar", sar=1)


def display_aspect(video: VideoStream) -> Fraction:
    """Width over height as seen, for a stream that stands upright."""
    return Fraction(video.width, video.height) * video.sar


def to_even(length: Fraction | int) -> int:
    """The nearest even number of pixels, at least 2 (4:2:0 pictures have even sides)."""
    return max(2, 2 * round(Fraction(length) / 2))


def _fit_sizes(shape: Fraction, box: Size) -> tuple[Size, Size]:
    """The largest picture of that shape inside the box, and the smallest around it."""
    height, width = to_even(box.width / shape), to_even(box.height * shape)
    # rounding to even must not push the inner picture out of the box, nor the outer into it
    if shape > Fraction(box.width, box.height):
        inside = Size(width=box.width, height=min(height, box.height))
        return inside, Size(width=max(width, box.width), height=box.height)
    inside = Size(width=min(width, box.width), height=box.height)
    return inside, Size(width=box.width, height=max(height, box.height))
