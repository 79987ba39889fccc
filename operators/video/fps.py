"""`fps`: another frame rate, the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

from operators.contract import (
    SAME,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    filter_cost,
    needs,
)
from operators.filtergraph import Filter, Link, Pad, Rate
from operators.media import Kind, MediaInfo
from operators.parameters import Enum, FrameRate
from operators.picture import frames_in, regular
from operators.reading import param
from operators.registry import register
from operators.timecode import moved


@register
@dataclass(frozen=True, kw_only=True)
class Fps(Operator):
    """Change the frame rate by repeating and leaving out frames; nothing gets faster or slower.

    The result has a constant rate, also where the source has not.
    """

    name: ClassVar[str] = "fps"
    category: ClassVar[Category] = Category.VIDEO
    looks_back: ClassVar[int | None] = 1
    keeps = SAME
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="25 frames a second", params={"fps": 25}),
        Example(description="The NTSC rate", params={"fps": "30000/1001"}),
    )

    fps: Fraction = param(
        FrameRate(), "Frames a second: a number or N/D", examples=(25, "30000/1001")
    )
    round: str = param(
        Enum(values=("near", "down", "up", "zero", "inf")),
        "Which way a frame moves that lies between two of the new grid",
        default="near",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        if video.is_still:
            return source
        length_ms = video.duration_ms if video.duration_ms is not None else source.duration_ms
        if length_ms is not None:
            length_ms = round(frames_in(Fraction(length_ms, 1000), self.fps) / self.fps * 1000)
        made = replace(
            video, frame_rate=self.fps, nominal_frame_rate=self.fps, is_vfr=False,
            duration_ms=length_ms, bitrate_bps=None,
            timecode=moved(video.timecode, 0, None if self.fps != video.grid_rate else self.fps),
        )  # fmt: skip
        ends = [a.duration_ms for a in source.audio if a.duration_ms is not None]
        longest = max([*ends, length_ms or 0]) or source.duration_ms
        # when the last of irregular frames ends, only its decoder knows
        is_sure = source.duration_is_exact and not video.is_vfr
        return replace(source.with_video(made), duration_ms=longest, duration_is_exact=is_sure)

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.005, memory_mb=20)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        if source.video[0].is_still:
            return ()
        rate = Filter.of("fps", fps=Rate(self.fps), round=self.round)
        return tuple(
            Link(
                inputs=(Pad(Kind.VIDEO, track),),
                filters=(*regular(video, source), rate),
                outputs=(Pad(Kind.VIDEO, track),),
            )
            for track, video in enumerate(source.video)
        )
