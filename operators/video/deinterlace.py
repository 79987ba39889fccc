"""`deinterlace`: whole frames out of the two fields of interlaced video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from operators.contract import (
    SAME,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    bad_parameter,
    filter_cost,
    needs,
    per_track,
    remark,
)
from operators.filtergraph import Filter, Link
from operators.media import Kind, MediaInfo
from operators.parameters import Enum
from operators.problem import Problem
from operators.reading import param
from operators.registry import register
from operators.timecode import stale

_MODES = {"frame": "send_frame", "field": "send_field"}


@register
@dataclass(frozen=True, kw_only=True)
class Deinterlace(Operator):
    """Make whole frames out of interlaced video (bwdif). Every frame is treated, since files often
    do not say that they are interlaced.
    """

    name: ClassVar[str] = "deinterlace"
    category: ClassVar[Category] = Category.VIDEO
    looks_back: ClassVar[int | None] = 1
    keeps = SAME
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="1080i50 to 25 frames a second", params={}),
        Example(
            description="1080i50 to 50 frames a second, smooth as the source",
            params={"mode": "field"},
        ),
    )

    mode: str = param(
        Enum(values=tuple(_MODES)),
        "frame: one frame of two fields; field: a frame of each field, twice the rate",
        default="frame",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        (source,) = sources
        video = source.video[0]
        if min(video.width, video.height) < 4:
            size = f"{video.width}x{video.height}"
            raise bad_parameter("", f"a picture of {size} is too small to deinterlace")
        rate = video.frame_rate
        if self.mode == "field" and rate and not video.is_still:
            timecode = stale(video.timecode)
            video = replace(
                video, frame_rate=2 * rate, nominal_frame_rate=2 * rate, timecode=timecode
            )
        elif video.grid_rate:
            video = replace(video, nominal_frame_rate=video.grid_rate)
        return source.with_video(replace(video, field_order="progressive"))

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.12 if self.mode == "frame" else 0.2, memory_mb=60)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        (source,) = sources
        return per_track(source, video=(Filter.of("bwdif", mode=_MODES[self.mode], deint="all"),))

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        known = sources[0].video[0].field_order
        if known != "progressive":
            return ()
        return (remark("", "the video says that it is progressive; deinterlacing costs sharpness"),)
