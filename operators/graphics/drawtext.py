"""`drawtext`: words in the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

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
    per_track,
    wrong,
)
from operators.duration import format_seconds
from operators.filtergraph import Expression, Filter, FontFile, Link, TextFile
from operators.glyphs import FILES
from operators.media import Kind, MediaInfo
from operators.paint import is_exact, laid_over, painted, plain, sheet
from operators.parameters import Bool, Color, Enum, Int, String, Timecode
from operators.picture import LARGEST, POSITION, enabled
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.text import font_for, missing, range_names

_ACROSS = {"left": "{margin}", "center": "(w-text_w)/2", "right": "w-text_w-{margin}"}
_DOWN = {"top": "{margin}", "center": "(h-text_h)/2", "bottom": "h-text_h-{margin}"}


@register
@dataclass(frozen=True, kw_only=True)
class Drawtext(Operator):
    """Write a text into the picture, exactly as given: no character of it is ever interpreted.

    Without `font` the first of the bundled fonts is used that can draw the whole text, so it looks
    the same on every machine.
    """

    name: ClassVar[str] = "drawtext"
    category: ClassVar[Category] = Category.GRAPHICS
    looks_back: ClassVar[int | None] = 0
    keeps = SAME_SOUND
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            description="A title for three seconds",
            params={"text": "Chapter 1", "fontsize": 48, "position": "center", "end": 3},
        ),
        Example(
            description="A caption on a dark box",
            params={"text": "100% real: it's live", "box": True, "boxcolor": "black@0.6"},
        ),
    )

    text: str = param(String(min_length=1, max_length=4096), "The text; line breaks are kept")
    font: str | None = param(
        Enum(values=tuple(FILES)), "One of the bundled fonts; unset: one that fits", default=None
    )
    fontsize: int = param(Int(min=4, max=500), "Height in pixels", default=24)
    fontcolor: str = param(Color(), "Colour of the letters", default="white")
    position: str = param(POSITION, "Where it stands; custom: by x and y", default="bottom_center")
    x: int | None = param(
        Int(min=-LARGEST.width, max=LARGEST.width), "Left edge, with position custom", default=None
    )
    y: int | None = param(
        Int(min=-LARGEST.height, max=LARGEST.height), "Top edge, with position custom", default=None
    )
    margin: int = param(Int(min=0, max=4096), "Pixels from the edge", default=20)
    box: bool = param(Bool(), "Whether there is a box behind it", default=False)
    boxcolor: str = param(Color(), "Colour of the box", default="black@0.5")
    start: Fraction | None = param(Timecode(), "When it appears", default=None)
    end: Fraction | None = param(Timecode(), "When it goes", default=None)

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def validate(self) -> list[Problem]:
        problems = super().validate()
        for name in ("x", "y"):
            if getattr(self, name) is not None and self.position != "custom":
                problems.append(wrong(name, f'{name} needs position "custom"', "Or leave it out."))
        if self.end is not None and self.end <= (self.start or 0):
            problems.append(wrong("end", "end must be after start", "Swap start and end."))
        lacking = missing(self._font, self.text)
        if lacking:
            problems.append(
                wrong(
                    "text",
                    f"{self._font} has no glyphs for {range_names(lacking)}",
                    f"Leave these characters out, or try another font: {', '.join(FILES)}.",
                )
            )
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        if self.start is not None and source.duration is not None and self.start >= source.duration:
            raise bad_parameter(
                "start",
                f"the input ends at {format_seconds(source.duration, 3)} s, before the text",
            )
        video = source.video[0]
        return source.with_video(painted(video, video, *self._colors))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.02, memory_mb=30)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        video = sources[0].video[0]
        if all(is_exact(color, video) for color in self._colors):
            when = enabled(self.start, self.end)
            drawn = self._draw(self.fontcolor, self.boxcolor if self.box else None, when)
            return per_track(sources[0], video=[drawn])
        letters = sheet(video, self.fontcolor, (self._draw(plain(self.fontcolor)),))
        box = self._draw("black@0", plain(self.boxcolor))
        boxes = [sheet(video, self.boxcolor, (box,))] if self.box else []
        return laid_over(result.video[0], [*boxes, letters], enable=enabled(self.start, self.end))

    @property
    def _colors(self) -> tuple[str, ...]:
        return (self.fontcolor, self.boxcolor) if self.box else (self.fontcolor,)

    def _draw(
        self, letters: str, box: str | None = None, enable: Expression | None = None
    ) -> Filter:
        x, y = self._corner()
        return Filter.of(
            "drawtext",
            # from a file and without expansion: the text is never parsed
            textfile=TextFile(self.text),
            expansion="none",
            fontfile=FontFile(FILES[self._font]),
            fontsize=self.fontsize,
            fontcolor=letters,
            x=Expression(x),
            y=Expression(y),
            box=True if box else None,
            boxcolor=box,
            boxborderw=max(4, self.fontsize // 4) if box else None,
            enable=enable,
        )

    @property
    def _font(self) -> str:
        return self.font or font_for(self.text)

    def _corner(self) -> tuple[str, str]:
        if self.position == "custom":
            return str(self.x or 0), str(self.y or 0)
        down, _, across = self.position.partition("_")
        margin = str(self.margin)
        return (
            _ACROSS[across or "center"].format(margin=margin),
            _DOWN[down].format(margin=margin),
        )
