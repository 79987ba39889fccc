"""`volume`: louder or softer, by a fixed amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import ClassVar

from operators.capabilities import MayClip
from operators.contract import (
    Category,
    Estimates,
    Example,
    Likeness,
    Operator,
    Requirements,
    needs,
    per_track,
    sound_cost,
    wrong,
)
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo
from operators.parameters import Float
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.sound import decibels


@register
@dataclass(frozen=True, kw_only=True)
class Volume(Operator, MayClip):
    """Make every audio track louder or softer by a fixed amount.

    What would go beyond full scale clips at the encoder; `loudnorm` finds the right amount itself.
    """

    name: ClassVar[str] = "volume"
    category: ClassVar[Category] = Category.AUDIO
    looks_back: ClassVar[int | None] = 0
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="Six decibels softer", params={"gain_db": -6}),
        Example(description="Half the amplitude", params={"volume": 0.5}),
    )
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("gain_db", "volume"),)

    gain_db: float | None = param(
        Float(min=-60, max=30), "Decibels; 6 doubles the amplitude", default=None, examples=(-6, 3)
    )
    volume: float | None = param(
        Float(min=0, max=10), "A factor instead; 0 is silence", default=None, examples=(0.5,)
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.AUDIO])

    def validate(self) -> list[Problem]:
        problems = super().validate()
        if self.gain_db is None and self.volume is None:
            problems.append(wrong("gain_db", "gain_db or volume is needed", "Such as gain_db: -6."))
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        return sources[0]

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return sound_cost(result, factor=0.001, memory_mb=10)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        # precision=double: what follows may turn it up again
        return per_track(
            sources[0], audio=(Filter.of("volume", volume=self._factor, precision="double"),)
        )

    def likeness(self, sources: Sequence[MediaInfo]) -> Likeness | None:
        return Likeness(gain_db=20 * log10(self._factor) if self._factor else None)

    def may_clip(self) -> bool:
        return self._factor > 1

    @property
    def _factor(self) -> float:
        """Of the two parameters `validate` wants one."""
        return decibels(self.gain_db or 0) if self.volume is None else self.volume
