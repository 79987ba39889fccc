"""`loudnorm`: bring the programme to a loudness, by EBU R128, in two passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from operators.contract import (
    Category,
    Estimates,
    Example,
    Measurement,
    Operator,
    Requirements,
    needs,
    remark,
    sound_cost,
)
from operators.filtergraph import Filter, Link, Measured, Pad, inner
from operators.loudness import NEUTRAL, SILENT_LUFS, next_settings, read_summary
from operators.media import AudioStream, Kind, MediaInfo
from operators.parameters import Float
from operators.problem import Problem
from operators.reading import param
from operators.registry import register

_LOOKAHEAD = Fraction(3)  # seconds that the loudnorm filter reads before it writes
_SHORTEST_MS = 3000  # the measurement's own short-term window


@register
@dataclass(frozen=True, kw_only=True)
class Loudnorm(Operator):
    """Bring every audio track to a loudness (EBU R128). The first pass measures the sound as it
    arrives here, after everything upstream; the second raises or lowers it as a whole, so dynamics
    stay. Peaks that would exceed `target_tp` are limited.

    Silence, and tracks shorter than three seconds, pass unchanged, with a warning. Sample rate and
    layout stay. The loudness range is not compressed: `target_lra` only warns of a wider one.
    """

    name: ClassVar[str] = "loudnorm"
    category: ClassVar[Category] = Category.AUDIO
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="Loudness for podcasts and streaming", params={"target_lufs": -16}),
        Example(
            description="European broadcast (EBU R128)",
            params={"target_lufs": -23, "target_tp": -1, "target_lra": 15},
        ),
    )

    target_lufs: float = param(
        Float(min=-70, max=-5), "Integrated loudness, LUFS", default=-16.0, examples=(-16, -23)
    )
    target_tp: float = param(Float(min=-9, max=0), "Highest true peak, dBTP", default=-1.5)
    target_lra: float = param(
        Float(min=1, max=50), "Loudness range beyond which there is a warning, LU", default=11.0
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.AUDIO], passes=2)

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        return sources[0]

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return sound_cost(result, factor=0.004, memory_mb=20)

    def measure(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        # peak=true: peaks between samples count; the summary comes at the end, at level info
        meter = Filter.of("ebur128", peak="true", framelog="verbose")
        return tuple(
            Link(
                inputs=(Pad(Kind.AUDIO, track),),
                filters=(*_limiter(track), meter),
                outputs=(inner(Kind.AUDIO, track),),
            )
            for track in _long_enough(sources[0])
        )

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        return tuple(
            Link(
                inputs=(Pad(Kind.AUDIO, track),),
                filters=self._filters(track, source.audio[track]),
                outputs=(Pad(Kind.AUDIO, track),),
                delay=_LOOKAHEAD,
            )
            for track in _long_enough(source)
        )

    def _filters(self, track: int, audio: AudioStream) -> tuple[Filter, ...]:
        names = {
            "measured_I": "input_i", "measured_TP": "input_tp", "measured_LRA": "input_lra",
            "measured_thresh": "input_thresh", "offset": "target_offset",
        }  # fmt: skip
        measured = {name: Measured(key, track) for name, key in names.items()}
        return (
            *_limiter(track),
            # LRA=50 with linear: never the dynamic mode, which changes the range and misses the target
            Filter.of(
                "loudnorm", I=self.target_lufs, TP=self.target_tp, LRA=50, linear="true", **measured
            ),
            Filter.of("aresample", sample_rate=audio.sample_rate),
        )

    def unmeasured(self) -> Mapping[str, str]:
        return {name: f"{value:.6f}" for name, value in NEUTRAL.items()}

    def settle(self, said: Sequence[str], so_far: Mapping[str, str]) -> Measurement:
        seen = read_summary(said)
        if seen is None:
            raise ValueError("the log has no loudness summary")
        values, is_settled = next_settings(seen, self.target_lufs, self.target_tp, so_far)
        warning = None
        if seen.integrated <= SILENT_LUFS:
            warning = "the sound is silent; it is passed through unchanged"
        elif seen.range > self.target_lra:
            warning = f"the loudness range of {seen.range:g} LU is wider than {self.target_lra:g}; it is kept"
        return Measurement(values=values, is_settled=is_settled, warning=warning)

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        kept = set(_long_enough(sources[0]))
        return tuple(
            remark("", f"audio track {track} is shorter than 3 s; it is passed through unchanged")
            for track in range(len(sources[0].audio))
            if track not in kept
        )


def _long_enough(source: MediaInfo) -> tuple[int, ...]:
    lengths = [
        a.duration_ms if a.duration_ms is not None else source.duration_ms for a in source.audio
    ]
    return tuple(n for n, length in enumerate(lengths) if length is None or length >= _SHORTEST_MS)


def _limiter(track: int) -> tuple[Filter, ...]:
    return (
        Filter.of("volume", volume=Measured("raise", track), precision="double"),
        Filter.of(
            "alimiter",
            limit=Measured("limit", track),
            level_out=Measured("level_out", track),
            level=0,  # no automatic gain
            attack=5,
            release=50,
            latency=1,  # sound stays in step with the picture
            enable=Measured("is_limited", track),
        ),
    )
