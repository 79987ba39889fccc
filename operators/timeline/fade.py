"""`fade`: in from black and silence, or out to them."""

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
)
from operators.duration import format_seconds
from operators.filtergraph import Expression, Filter, Link
from operators.media import FLOWING, Kind, MediaInfo
from operators.parameters import Duration, Enum, Timecode
from operators.reading import param
from operators.registry import register

_CURVES = ("tri", "qsin", "hsin", "esin", "log", "ipar", "qua", "cub", "squ", "cbr", "par", "exp")

# fade counts in ticks of the time base, which an fps filter makes as long as a frame; AVTB is 1 µs
_FINER = Filter.of("settb", expr=Expression("AVTB"))


@register
@dataclass(frozen=True, kw_only=True)
class Fade(Operator):
    """Fade in at the beginning or out at the end: the picture from or to black, sound from or to
    silence. `out` without `start` ends where the programme ends.

    Before a fade in and after a fade out there is black and silence.
    """

    name: ClassVar[str] = "fade"
    category: ClassVar[Category] = Category.TIMELINE
    looks_back: ClassVar[int | None] = 0
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="Fade in for one second", params={"type": "in", "duration": 1}),
        Example(
            description="Let the sound die away over the last five seconds",
            params={"type": "out", "duration": "5s", "target": "audio", "curve": "qsin"},
        ),
    )

    type: str = param(Enum(values=("in", "out")), "in: from black; out: to black")
    start: Fraction | None = param(
        Timecode(), "Where it begins; unset: in at 0, out so that it ends at the end", default=None
    )
    duration: Fraction = param(
        Duration(min=Fraction(1, 1000)), "How long it takes", default=Fraction(1)
    )
    curve: str = param(Enum(values=_CURVES), "How sound rises or falls (afade)", default="tri")
    target: str = param(
        Enum(values=("both", "video", "audio")), "What is faded, of what there is", default="both"
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        if self.target != "both" and Kind(self.target) not in source.kinds:
            raise bad_parameter("target", f"the input has no {self.target} to fade")
        if self.type == "out" and self.start is None and source.duration is None:
            raise bad_parameter("start", "the input's length is not known", "Give start.")
        if self.start is not None and source.duration is not None and self.start >= source.duration:
            raise bad_parameter(
                "start",
                f"the input ends at {format_seconds(source.duration, 3)} s, before the fade",
            )
        return source

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.01, memory_mb=10)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        chosen = [kind for kind in FLOWING if self.target in ("both", kind.value)]
        moves = not (source.video and source.video[0].frame_count)
        fade = Filter.of("fade", **self._times(source, Kind.VIDEO))
        afade = Filter.of("afade", **self._times(source, Kind.AUDIO), curve=self.curve)
        return per_track(
            source,
            video=(_FINER, fade) if Kind.VIDEO in chosen and moves else (),
            audio=(afade,) if Kind.AUDIO in chosen else (),
        )

    def _times(self, source: MediaInfo, kind: Kind) -> dict[str, str | Fraction]:
        start = Fraction(0) if self.start is None else self.start
        if self.type == "out" and self.start is None:
            lengths = [s.duration_ms for s in source.streams(kind) if s.duration_ms is not None]
            end = Fraction(max(lengths), 1000) if lengths else source.duration or Fraction(0)
            start = max(Fraction(0), end - self.duration)
        return {"type": self.type, "start_time": start, "duration": self.duration}
