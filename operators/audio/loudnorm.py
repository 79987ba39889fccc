"""`loudnorm`: bring the programme to a loudness, by EBU R128, in two passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from operators.capabilities import Measurement, TwoPass
from operators.contract import (
    SAME_PICTURE,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    needs,
    sound_cost,
)
from operators.filtergraph import Filter, Link, Measured, Pad, inner
from operators.loudness import NEUTRAL, SILENT_LUFS, next_settings, read_summary
from operators.media import AudioStream, Kind, MediaInfo
from operators.parameters import Float
from operators.reading import param
from operators.registry import register

_BLOCK_MS = 400  # what EBU R128 integrates over; of less there is no loudness
# the gain to the target, or to the ceiling where that comes first; silence stays as it is
_GAIN_AWK = (
    '$1 == "I:" { i = $2 } $1 == "Peak:" { p = $2 } '
    "END { g = target - i; if (p + g > ceiling) g = ceiling - p; print (i > -70 ? 10 ^ (g / 20) : 1) }"
)


@register
@dataclass(frozen=True, kw_only=True)
class Loudnorm(Operator, TwoPass):
    """Bring every audio track to a loudness (EBU R128). The first pass measures the sound as it
    arrives here, after everything upstream; the second raises or lowers it as a whole, so dynamics
    stay. Peaks that would exceed `target_tp` are limited.

    Silence passes unchanged, with a warning. A track shorter than 0.4 s is measured as if it were
    repeated. Sample rate and layout stay. The loudness range is not compressed: `target_lra` only warns of a wider one.
    """

    name: ClassVar[str] = "loudnorm"
    category: ClassVar[Category] = Category.AUDIO
    keeps = SAME_PICTURE
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
        return needs([Kind.AUDIO])

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
                filters=(*_repeated(sources[0], audio), *_limiter(track), meter),
                outputs=(inner(Kind.AUDIO, track),),
            )
            for track, audio in enumerate(sources[0].audio)
        )

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        # the loudnorm filter in its linear mode is a gain too, but takes none that is measured above
        # 0 LUFS, nothing shorter than 3 s, and works at 192 kHz
        return tuple(
            Link(
                inputs=(Pad(Kind.AUDIO, track),),
                filters=(
                    *_limiter(track),
                    Filter.of("volume", volume=Measured("gain", track), precision="double"),
                ),
                outputs=(Pad(Kind.AUDIO, track),),
            )
            for track in range(len(sources[0].audio))
        )

    def unmeasured(self) -> Mapping[str, str]:
        return {name: f"{value:.6f}" for name, value in NEUTRAL.items()}

    def shell_values(self, log: str) -> Mapping[str, str]:
        asked = f"-v target={self.target_lufs} -v ceiling={self.target_tp}"
        return {"gain": f"awk {asked} '{_GAIN_AWK}' {log}"}

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


def _repeated(source: MediaInfo, audio: AudioStream) -> tuple[Filter, ...]:
    """Sound too short to be measured, again and again until it is long enough."""
    length_ms = audio.duration_ms if audio.duration_ms is not None else source.duration_ms
    if not length_ms or length_ms > _BLOCK_MS:
        return ()
    samples = ceil(audio.sample_rate * length_ms / 1000)
    return (Filter.of("aloop", loop=2 * _BLOCK_MS // length_ms + 1, size=samples),)


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
