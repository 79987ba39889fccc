"""From what a measuring pass logged to the settings of the next one. Pure; used by `loudnorm`.

The signal is limited first (or not: the neutral settings pass everything), then raised or lowered
as a whole. When raising alone would push peaks over the ceiling, the limiter takes them down by as
much; how loud the limited signal is, only another measurement can tell, so the pass repeats.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SILENT_LUFS = -70.0
NEUTRAL = {"raise": 1.0, "limit": 1.0, "level_out": 1.0, "is_limited": 0.0}
"""Without a limiter: what does nothing costs nothing."""

_STORED = {
    "input_lra": "0.10",
    "input_tp": "-99.00",
    "input_thresh": "-69.90",
    "target_offset": "0.00",
}

_NUMBER = r"\s*(-?(?:\d+(?:\.\d+)?|inf|nan))"
_CLOSE = 0.25  # LU that a result may miss the target by
_MARGIN = 0.3  # dB that peaks stay below the ceiling: an encoder moves them
_ROUNDS = 7
_LOUDEST = 9.5  # LUFS; the meter counts all that is above 10 as 10
_FLATTEST = 0.2  # LU that a further dB is taken to give at least, deep in the limiter


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """What ebur128 says: LUFS, LU, dBTP."""

    integrated: float
    threshold: float
    range: float
    true_peak: float


def read_summary(lines: Sequence[str]) -> Loudness | None:
    """The last summary in FFmpeg's log lines, or None."""
    text = "\n".join(lines)
    text = text[text.rfind("Summary:") :]
    found = {
        name: re.search(pattern + _NUMBER, text)
        for name, pattern in (
            ("integrated", r"\bI:"),
            ("threshold", r"Threshold:"),
            ("range", r"\bLRA:"),
            ("true_peak", r"Peak:"),
        )
    }
    if not text.startswith("Summary:") or not all(found.values()):
        return None
    return Loudness(**{name: float(match[1]) for name, match in found.items() if match})


def next_settings(
    seen: Loudness, target: float, ceiling: float, so_far: Mapping[str, str]
) -> tuple[dict[str, str], bool]:
    """The settings for the next round or for the render, and whether they are settled."""
    if seen.integrated <= SILENT_LUFS:
        return _settled(0, NEUTRAL, target), True
    if seen.integrated > _LOUDEST and "before" not in so_far:
        return _softened(max(24.0, seen.true_peak)), False
    gain, peak = target - seen.integrated, seen.true_peak
    limiter = {name: float(so_far.get(name, value)) for name, value in NEUTRAL.items()}
    rounds = int(so_far.get("rounds", "0")) + 1
    if peak + gain <= ceiling - _MARGIN or (abs(gain) <= _CLOSE and peak + gain <= ceiling):
        return _settled(gain, limiter, target), True
    if rounds >= _ROUNDS:
        # as loud as it gets below the ceiling
        return _settled(min(gain, ceiling - peak), limiter, target), True
    before = float(so_far.get("before", "0"))
    over = max(0.0, peak - (ceiling - _MARGIN)) if rounds > 1 else 0.0
    lowest = float(so_far.get("lowest", str(ceiling - _MARGIN - 0.2))) - over
    return {
        **_limiter(before + gain / _slope(seen.integrated, before, so_far), lowest),
        "lowest": f"{lowest:.3f}",
        "rounds": str(rounds),
        "last_before": f"{before:.3f}",
        "last_i": f"{seen.integrated:.2f}",
    }, False


def _slope(integrated: float, before: float, so_far: Mapping[str, str]) -> float:
    """How much louder the last dB made it: less than 1 where peaks are limited."""
    moved = before - float(so_far.get("last_before", before))
    if abs(moved) < 0.05:
        return 1.0
    return min(1.0, max(_FLATTEST, (integrated - float(so_far["last_i"])) / moved))


def _limiter(before: float, limit_db: float) -> dict[str, str]:
    """Raise by `before` dB, then limit at `limit_db` dBFS."""
    return {
        "before": f"{before:.3f}",
        "raise": _factor(before),
        "limit": _factor(max(-24.0, limit_db)),
        "level_out": _factor(0),
        "is_limited": "1",
    }


def _softened(by: float) -> dict[str, str]:
    """Lower what is too loud for the meter, and limit nothing."""
    lowered = {"before": f"{-by:.3f}", "last_before": f"{-by:.3f}", "raise": _factor(-by)}
    return {**{name: f"{value:.6f}" for name, value in NEUTRAL.items()}, **lowered}


def _settled(gain_db: float, limiter: Mapping[str, float], target: float) -> dict[str, str]:
    """What the render takes: the limiter, and the gain behind it."""
    values = {"gain": 10 ** (gain_db / 20), **limiter}
    return {
        "gain_db": f"{gain_db:.2f}",
        **{name: f"{value:.6f}" for name, value in values.items()},
        # plans of before 2026-11-27 name these: FFmpeg's filter makes the same gain of them
        **_STORED, "input_i": f"{target - gain_db:.2f}",
    }  # fmt: skip


def _factor(decibels: float) -> str:
    return f"{10 ** (decibels / 20):.6f}"
