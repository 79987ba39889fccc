"""Interlaced pictures: two fields of different moments in the lines of each frame (SMPTE ST 170)."""

from collections.abc import Sequence
from dataclasses import replace

from operators.filtergraph import Filter
from operators.media import VideoStream
from operators.parameters import Size

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
    return True if video.is_interlaced and _has_whole_fields(video, video.height) else None


def scaled(video: VideoStream, size: Size, flags: str) -> tuple[Filter, ...]:
    """The filters that give a picture another size, each field on its own. Where a field of 4:2:0 would
    end in half a line of chroma, it is made with a line of chroma for each line."""
    resize = Filter.of("scale", w=size.width, h=size.height, flags=flags)
    if not video.is_interlaced:
        return (resize,)
    resize = Filter.of("scale", w=size.width, h=size.height, flags=flags, interl=True)
    if _has_whole_fields(video, size.height):
        return (resize,)
    pixels = video.pixel_format or ""
    return (
        Filter.of("scale", interl=True),
        Filter.of("format", pix_fmts=pixels.replace("420", "422")),
        resize,
        Filter.of("scale"),
        Filter.of("format", pix_fmts=pixels),
    )


def _has_whole_fields(video: VideoStream, height: int) -> bool:
    """FFmpeg 5 writes past the end of fields that have not."""
    return "420" not in (video.pixel_format or "") or height % 4 == 0
