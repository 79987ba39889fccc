"""`crop`: cut a rectangle out of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    per_track,
    wrong,
)
from operators.fields import with_lines_moved
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Int, Size
from operators.picture import LARGEST, centre
from operators.reading import param
from operators.registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Crop(Operator):
    """Cut a rectangle out of the picture, exact to the pixel; by default out of its middle.

    Sizes and positions count stored pixels of the upright picture, from the top left corner.
    """

    name: ClassVar[str] = "crop"
    category: ClassVar[Category] = Category.VIDEO
    looks_back: ClassVar[int | None] = 0
    keeps = SAME_SOUND
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="The middle square", params={"width": 720, "height": 720}),
        Example(
            description="The top left quarter of 720p",
            params={"width": 640, "height": 360, "x": 0, "y": 0},
        ),
    )

    width: int = param(
        Int(min=1, max=LARGEST.width), "Pixels that are kept across", examples=(640,)
    )
    height: int = param(
        Int(min=1, max=LARGEST.height), "Pixels that are kept down", examples=(360,)
    )
    x: int | None = param(
        Int(min=0, max=LARGEST.width), "Left edge; unset: the middle", default=None
    )
    y: int | None = param(
        Int(min=0, max=LARGEST.height), "Top edge; unset: the middle", default=None
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        found = [
            wrong(
                name if at is None or size > whole else edge,
                f"{name} {size}{f' from {edge} {at}' if at else ''} does not fit into "
                f"a picture of {video.width}x{video.height}",
                f"Keep {edge} + {name} within {whole}.",
            )
            for name, size, edge, at, whole in (
                ("width", self.width, "x", self.x, video.width),
                ("height", self.height, "y", self.y, video.height),
            )
            if (at or 0) + size > whole
        ]
        if found:
            raise BadParameters(*found)
        kept = with_lines_moved(video, self._corner(video)[1])
        return source.with_video(_resized(kept, self.width, self.height))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.01, memory_mb=20)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        video = source.video[0]
        x, y = self._corner(video)
        # exact=1: without it FFmpeg rounds x and y to the chroma grid and the picture shifts by a pixel
        return per_track(
            source, video=(Filter.of("crop", w=self.width, h=self.height, x=x, y=y, exact=1),)
        )

    def _corner(self, video: VideoStream) -> tuple[int, int]:
        whole = Size(width=video.width, height=video.height)
        size = Size(width=self.width, height=self.height)
        x, y = centre(video.pixel_format, whole, size)
        return x if self.x is None else self.x, y if self.y is None else self.y


def _resized(video: VideoStream, width: int, height: int) -> VideoStream:
    """Another size, the shape of the pixels kept."""
    shown = round(width * video.sar)
    return replace(video, width=width, height=height, display_width=shown, display_height=height)
