"""`scale`: resize the picture, with square pixels as the result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from operators.contract import (
    SAME,
    SAME_SOUND,
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
from operators.fields import scaled
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Enum, Int, Size
from operators.picture import (
    LARGEST,
    SQUARE,
    centre,
    display_aspect,
    fit_sizes,
    pad_format,
    padded,
    to_even,
)
from operators.problem import Problem
from operators.reading import param
from operators.registry import register


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
    looks_back: ClassVar[int | None] = 0
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
        return source.with_video(
            replace(video.resized(size.width, size.height), pixel_format=self._format(video, size))
        )

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        larger = max(sources[0], result, key=lambda info: info.picture_load)
        return filter_cost(larger, factor=0.04, memory_mb=50)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        size = self._target(source.video[0])
        return per_track(source, video=(*self._fitted(source.video[0], size), SQUARE))

    def likeness(self, sources: Sequence[MediaInfo]) -> Likeness | None:
        return SAME if self._shows_all else SAME_SOUND

    @property
    def _shows_all(self) -> bool:
        """Whether the picture fills the new size, and nothing of it is cut off."""
        return self.fit == "stretch" or self.width < 0 or self.height < 0

    def _target(self, video: VideoStream) -> Size:
        shape = display_aspect(video)
        if self.width < 0:
            return Size(width=to_even(self.height * shape), height=self.height)
        if self.height < 0:
            return Size(width=self.width, height=to_even(self.width / shape))
        return Size(width=self.width, height=self.height)

    def _fitted(self, video: VideoStream, size: Size) -> tuple[Filter, ...]:
        if self._shows_all:
            return scaled(video, size, self.algorithm)
        if self.fit == "contain":
            inside, _ = fit_sizes(display_aspect(video), size)
            x, y = centre(video.pixel_format, size, inside)
            bars = padded(video.pixel_format, size, x, y)
            return (*scaled(video, inside, self.algorithm), *bars)
        _, around = fit_sizes(display_aspect(video), size)
        # exact=1: without it FFmpeg rounds x and y to the chroma grid
        x, y = centre(video.pixel_format, around, size)
        cut = Filter.of("crop", w=size.width, h=size.height, x=x, y=y, exact=1)
        return (*scaled(video, around, self.algorithm), cut)

    def _format(self, video: VideoStream, size: Size) -> str | None:
        """Bars of an odd width need chroma for every pixel."""
        if self.fit != "contain" or self.width < 0 or self.height < 0:
            return video.pixel_format
        inside, _ = fit_sizes(display_aspect(video), size)
        x, y = centre(video.pixel_format, size, inside)
        return pad_format(video.pixel_format, size, x, y)
