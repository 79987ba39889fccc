"""`mix`: several sounds at once, or music that steps back behind a voice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from operators.capabilities import MayClip
from operators.contract import (
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    bad_parameter,
    first_audio_only,
    needs,
    sound_cost,
    wrong,
)
from operators.filtergraph import Expression, Filter, Link, Pad, inner
from operators.media import AudioStream, Kind, MediaInfo
from operators.parameters import Array, Enum, Float
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.sound import ENDLESS, alike, decibels, layout_of, summed

_MOST = 32


@register
@dataclass(frozen=True, kw_only=True)
class Mix(Operator, MayClip):
    """Mix the first audio track of each input into one, at the rate and layout of the first.

    Amplitudes add up: use `weights` where that gets too loud. With `mode: ducking` the first input
    is the voice and the second the music, which becomes softer while the voice is heard. The picture
    is the first input's.
    """

    name: ClassVar[str] = "mix"
    category: ClassVar[Category] = Category.AUDIO
    examples: ClassVar[tuple[Example, ...]] = (
        Example(
            description="Music at a third under a voice, as long as the voice",
            params={"weights": [1, 0.3], "duration": "first"},
        ),
        Example(
            description="Music that steps back when somebody speaks",
            params={"mode": "ducking", "ducking_threshold": -30, "ratio": 8},
        ),
    )

    mode: str = param(
        Enum(values=("simple", "ducking")),
        "simple: add up; ducking: the second input gives way to the first",
        default="simple",
    )
    weights: tuple[float, ...] | None = param(
        Array(item_type=Float(min=0, max=10), min_items=2, max_items=_MOST),
        "A factor for each input; unset: 1 each",
        default=None,
        examples=([1, 0.3],),
    )
    ducking_threshold: float = param(
        Float(min=-60, max=0), "Level of the voice from which on music gives way, dB", default=-20.0
    )
    ratio: float = param(Float(min=1, max=20), "How far it gives way: 4 is 4:1", default=4.0)
    attack: float = param(Float(min=0.01, max=2000), "How fast it gives way, ms", default=20.0)
    release: float = param(Float(min=0.01, max=9000), "How fast it comes back, ms", default=250.0)
    duration: str = param(
        Enum(values=("longest", "shortest", "first")),
        "Which input sets the length",
        default="longest",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.AUDIO], [Kind.AUDIO], max_inputs=_MOST)

    def validate(self) -> list[Problem]:
        problems = super().validate()
        if self.mode == "ducking" and self.weights is not None and len(self.weights) != 2:
            problems.append(wrong("weights", "ducking has two inputs, so it takes two weights"))
        return problems

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        if self.weights is not None and len(self.weights) != len(sources):
            raise bad_parameter(
                "weights", f"there are {len(self.weights)} weights for {len(sources)} inputs",
                "Give one weight for each input, or none.",
            )  # fmt: skip
        if self.mode == "ducking" and len(sources) != 2:
            raise bad_parameter(
                "mode", f"ducking takes two inputs, not {len(sources)}", "Mix the others before."
            )
        first = sources[0]
        ends = [_end(source) for source in sources]
        known = [end for end in ends if end is not None]
        pick = {"longest": max, "shortest": min}.get(self.duration)
        length = ends[0] if pick is None else pick(known) if len(known) == len(ends) else None
        track = replace(
            first.audio[0],
            duration_ms=length,
            start_ms=first.start_ms,
            bitrate_bps=None,
            channel_layout=layout_of(first.audio[0]),
        )
        longest = max([v.duration_ms or 0 for v in first.video] + [length or 0]) or None
        return replace(
            first,
            audio=(track,),
            duration_ms=longest,
            duration_is_exact=all(s.duration_is_exact for s in sources) and length is not None,
        )

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return sound_cost(result, factor=0.004 * len(sources), memory_mb=20)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        first = sources[0].audio[0]
        weights = self.weights or (1.0,) * len(sources)
        ready = tuple(
            Link(
                inputs=(Pad(Kind.AUDIO, 0, n),),
                filters=alike(first, sources[n].audio[0]),
                outputs=(inner(Kind.AUDIO, n),),
            )
            for n in range(len(sources))
        )
        seconds = self._seconds(result)
        if seconds is not None:
            ready = (replace(ready[0], filters=(*ready[0].filters, ENDLESS)), *ready[1:])
        mixed = [inner(Kind.AUDIO, n) for n in range(len(sources))]
        if self.mode == "ducking":
            mixed[1] = inner(Kind.AUDIO, len(sources))
            ready = (*ready, *self._duck(first, mixed[1]))
        amix = summed(
            len(sources), seconds, first,
            duration=self.duration if seconds is None else None,
            weights=" ".join(f"{weight:g}" for weight in weights),
        )  # fmt: skip
        # amix loses the time when the first input ends; sound without gaps from 0 can count it
        counted = Filter.of("asetpts", expr=Expression("N/SR/TB"))
        mix = Link(inputs=tuple(mixed), filters=(*amix, counted), outputs=(Pad(Kind.AUDIO),))
        return (*ready, mix)

    def _seconds(self, result: MediaInfo) -> Fraction | None:
        """How long the mix is, where that is sure."""
        (track,) = result.audio
        is_sure = track.duration_ms is not None and result.duration_is_exact
        return Fraction(track.duration_ms or 0, 1000) if is_sure else None

    def _duck(self, like: AudioStream, music: Pad) -> tuple[Link, ...]:
        """The compressor ends with its side chain, and drops what it has read of one input when the
        other ends. So the voice goes on in silence, and both come to it in step, out of one stream.
        """
        compress = Filter.of(
            "sidechaincompress",
            threshold=max(0.000977, decibels(self.ducking_threshold)),  # a factor, not dB
            ratio=self.ratio,
            attack=self.attack,
            release=self.release,
        )
        voice, both, loud, side = (inner(Kind.AUDIO, n) for n in range(3, 7))
        return (
            Link(inputs=(inner(Kind.AUDIO, 0),), filters=(Filter.of("apad"),), outputs=(voice,)),
            Link(
                inputs=(inner(Kind.AUDIO, 1), voice),
                filters=(Filter.of("amerge", inputs=2),),
                outputs=(both,),
            ),
            Link(inputs=(both,), filters=(_channels(like, 0),), outputs=(loud,)),
            Link(inputs=(both,), filters=(_channels(like, like.channels),), outputs=(side,)),
            Link(inputs=(loud, side), filters=(compress,), outputs=(music,)),
        )

    def may_clip(self) -> bool:
        return self.weights is None or sum(self.weights) > 1

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        return first_audio_only("mix", sources)


def _end(source: MediaInfo) -> int | None:
    """When the first track ends, in ms after the source begins."""
    track = source.audio[0]
    length = track.duration_ms if track.duration_ms is not None else source.duration_ms
    return None if length is None else length + track.start_ms - source.start_ms


def _channels(like: AudioStream, first: int) -> Filter:
    """As many channels as `like` has, from the `first` on."""
    picked = "|".join(f"c{n}=c{first + n}" for n in range(like.channels))
    return Filter.of("pan", args=Expression(f"{layout_of(like)}|{picked}"))
