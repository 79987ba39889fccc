"""Interlaced pictures: two fields of different moments in the lines of each frame (SMPTE ST 170)."""

from collections.abc import Sequence
from dataclasses import replace

from operators.filtergraph import Filter
from operators.media import VideoStream

# FFmpeg writes tb where lines of both fields are stored in turn and the first line is the earlier one,
# bt where it is the later (QuickTime's 9 and 14)
_TOP_FIRST = ("tt", "tb")


def first_field(video: VideoStream) -> str | None:
    """`tff` or `bff`; None of whole frames."""
    if not video.is_interlaced:
        return None
    return "tff" if video.field_order in _TOP_FIRST else "bff"


def with_lines_moved(video: VideoStream, lines: int) -> VideoStream:
    """A picture whose line 0 was line `lines`: by an odd number, fields change places."""
    if lines % 2 == 0 or not video.is_interlaced:
        return video
    return replace(video, field_order="bb" if first_field(video) == "tff" else "tt")


def common_order(pictures: Sequence[VideoStream]) -> str | None:
    """The field order of frames that follow each other; None where they differ."""
    orders = {first_field(video) for video in pictures}
    rates = {video.grid_rate for video in pictures}
    order = orders.pop() if len(orders) == len(rates) == 1 else None
    return {"tff": "tt", "bff": "bb"}.get(order or "")


def marked(video: VideoStream) -> tuple[Filter, ...]:
    """The filter that tells an encoder which field comes first."""
    order = first_field(video)
    return (Filter.of("setfield", mode=order),) if order else ()


def woven(video: VideoStream) -> bool | None:
    """The scale filter's `interl`: each field is scaled on its own. None of whole frames."""
    return True if video.is_interlaced else None
