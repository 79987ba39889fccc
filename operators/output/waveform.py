"""`waveform`: the sound as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from operators.contract import (
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    first_audio_only,
    needs,
    sound_cost,
)
from operators.filtergraph import Filter, Link, Pad
from operators.media import Kind, MediaInfo, VideoStream
from operators.parameters import Color, Enum, Int
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.sound import in_time


@register
@dataclass(frozen=True, kw_only=True)
class Waveform(Operator):
    """Draw the first audio track from its beginning to its end into one picture, on a transparent
    ground. Write it to a png, webp or jpg file.
    """

    name: ClassVar[str] = "waveform"
    category: ClassVar[Category] = Category.OUTPUT
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="A wide strip for a player", params={"width": 1800, "height": 140}),
        Example(
            description="One row a channel, in blue", params={"mode": "split", "color": "#3060ff"}
        ),
    )

    width: int = param(Int(min=16, max=7680), "Pixels across", default=1280)
    height: int = param(Int(min=16, max=4320), "Pixels down", default=240)
    color: str = param(Color(), "Colour of the wave", default="white")
    mode: str = param(
        Enum(values=("mixed", "split")),
        "mixed: all channels in one; split: a row each",
        default="mixed",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.AUDIO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        picture = VideoStream(
            width=self.width, height=self.height, display_width=self.width,
            display_height=self.height, pixel_format="rgba", bit_depth=8, frame_count=1,
        )  # fmt: skip
        return MediaInfo(video=(picture,), tags={})

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return sound_cost(sources[0], factor=0.002, memory_mb=50)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        track = source.audio[0]
        timed = in_time(from_start=track.start_ms > source.start_ms)
        draw = Filter.of(
            "showwavespic",
            s=f"{self.width}x{self.height}",
            split_channels=self.mode == "split",
            # one colour for each channel
            colors="|".join([self.color] * track.channels),
        )
        return (Link(inputs=(Pad(Kind.AUDIO),), filters=(timed, draw), outputs=(Pad(Kind.VIDEO),)),)

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        return first_audio_only("waveform", sources)
