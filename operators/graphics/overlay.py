"""`overlay`: a logo or a second picture on the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from operators.colorimetry import converted
from operators.contract import (
    SAME_SOUND,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    bad_parameter,
    filter_cost,
    needs,
    remark,
    wrong,
)
from operators.duration import format_seconds
from operators.filtergraph import Expression, Filter, Link, Pad, Rate, inner
from operators.laying import clear, laid, laid_in
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Float, Int, Size, Timecode
from operators.picture import LARGEST, POSITION, SQUARE, enabled, place, regular, seen_size, to_even
from operators.problem import Problem
from operators.reading import param
from operators.registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Overlay(Operator):
    """Lay the second input's picture over the first's: a logo, a picture in the picture. Transparency
    is kept. Length, frame rate and sound are the first input's.

    A moving picture begins to play at `start`; where it ends early, its last frame disappears with it.
    """

    name: ClassVar[str] = "overlay"
    category: ClassVar[Category] = Category.GRAPHICS
    keeps = SAME_SOUND
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            description="A logo in the corner, a little transparent",
            params={"position": "top_right", "margin": 20, "opacity": 0.8},
        ),
        Example(
            description="A second camera at a quarter of its size, from the fifth second on",
            params={"position": "bottom_right", "scale": 0.25, "start": "5s"},
        ),
    )

    position: str = param(POSITION, "Where it lies; custom: by x and y", default="top_right")
    x: int | None = param(
        Int(min=-LARGEST.width, max=LARGEST.width), "Left edge, with position custom", default=None
    )
    y: int | None = param(
        Int(min=-LARGEST.height, max=LARGEST.height), "Top edge, with position custom", default=None
    )
    margin: int = param(Int(min=0, max=4096), "Pixels from the edge", default=20)
    opacity: float = param(Float(min=0, max=1), "1 covers, 0 is invisible", default=1.0)
    scale: float | None = param(
        Float(min=0.01, max=10), "Size as a factor of its own; unset: as it is", default=None
    )
    start: Fraction | None = param(Timecode(), "When it appears", default=None)
    end: Fraction | None = param(Timecode(), "When it goes", default=None)

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO], [Kind.VIDEO])

    def validate(self) -> list[Problem]:
        problems = super().validate()
        is_custom = self.position == "custom"
        for name in ("x", "y"):
            if getattr(self, name) is not None and not is_custom:
                problems.append(wrong(name, f'{name} needs position "custom"', "Or leave it out."))
        if self.end is not None and self.end <= (self.start or 0):
            problems.append(wrong("end", "end must be after start", "Swap start and end."))
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        base, top = sources
        if self.start is not None and base.duration is not None and self.start >= base.duration:
            raise bad_parameter(
                "start", f"the picture below ends at {format_seconds(base.duration, 3)} s"
            )
        size = self._size(top.video[0])
        if size.width > LARGEST.width or size.height > LARGEST.height:
            raise bad_parameter("scale", f"the overlay would be {size}, more than {LARGEST}")
        return base.with_video(laid(base.video[0]))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.05, memory_mb=80)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        base, top = sources[0].video[0], sources[1].video[0]
        size = self._size(top)
        x, y = self._corner(base, size)
        is_held = bool(top.frame_count)
        ready = inner(Kind.VIDEO, 0)
        lay = Filter.of(
            "overlay",
            x=x,
            y=y,
            # a still is one frame, shown until the end; a clip goes when it ends
            eof_action="repeat" if is_held else "pass",
            # named, so that what lies beside the overlay is not converted
            format=laid_in(base),
            enable=enabled(self.start, self.end),
        )
        below = Pad(Kind.VIDEO)
        first: tuple[Link, ...] = ()
        # both count time alike: else a last frame that a container rounded up comes after the top's
        if not is_held and (grid := regular(base, sources[0])):
            below = inner(Kind.VIDEO, 1)
            first = (Link(inputs=(Pad(Kind.VIDEO),), filters=grid, outputs=(below,)),)
        return (
            Link(
                inputs=(Pad(Kind.VIDEO, 0, 1),),
                filters=self._prepared(base, sources[1], size, is_held),
                outputs=(ready,),
            ),
            *first,
            Link(inputs=(below, ready), filters=(lay,), outputs=(Pad(Kind.VIDEO),)),
        )

    def _prepared(
        self, base: VideoStream, over: MediaInfo, size: Size, is_held: bool
    ) -> tuple[Filter, ...]:
        top = over.video[0]
        # named, or FFmpeg lets the filter before make RGB at once, and other pictures come out
        # than where it stands alone
        filters = [Filter.of("format", pix_fmts=top.pixel_format)] if top.pixel_format else []
        if size != Size(width=top.width, height=top.height):
            filters += [Filter.of("scale", w=size.width, h=size.height, flags="lanczos"), SQUARE]
        filters += converted(top, clear(base))
        if self.opacity < 1:
            keep = {f"c{n}": Expression("val") for n in range(3)}  # else the range is clipped
            filters.append(Filter.of("lut", **keep, c3=Expression(f"val*{self.opacity:g}")))
        if self.start and not is_held:
            delay = Expression(f"PTS-STARTPTS+{format_seconds(self.start)}/TB")
            filters.append(Filter.of("setpts", expr=delay))
        if base.frame_rate and not base.is_vfr and not is_held:
            # a frame for each of the base's: the nearest, however finely time is counted
            rate = Filter.of("fps", fps=Rate(base.frame_rate), round="near")
            filters = [*regular(top, over), *filters, rate]
        return tuple(filters)

    def _size(self, top: VideoStream) -> Size:
        seen = seen_size(top)
        if self.scale is None:
            return seen
        factor = Fraction(self.scale).limit_denominator(10_000)
        return Size(width=to_even(seen.width * factor), height=to_even(seen.height * factor))

    def _corner(self, base: VideoStream, size: Size) -> tuple[int, int]:
        if self.position == "custom":
            return self.x or 0, self.y or 0
        return place(self.position, self.margin, Size(width=base.width, height=base.height), size)

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        found = []
        if sources[1].audio:
            found.append(remark("", "the overlay's sound is left out; use mix to hear both"))
        base, size = sources[0].video[0], self._size(sources[1].video[0])
        keeps = laid(base).bit_depth or 8
        if keeps < (base.bit_depth or 8):
            said = (
                f"pictures are laid together with {keeps} bits a sample; there are {base.bit_depth}"
            )
            found.append(remark("", said))
        x, y = self._corner(base, size)
        if x >= base.width or y >= base.height or x + size.width <= 0 or y + size.height <= 0:
            found.append(remark("position", "the overlay lies outside the picture"))
        return tuple(found)
