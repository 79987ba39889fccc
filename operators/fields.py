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
    return True if video.is_interlaced else None


def scaled(video: VideoStream, size: Size, flags: str) -> tuple[Filter, ...]:
    """The filters that give a picture another size, each field on its own."""
    resize = Filter.of("scale", w=size.width, h=size.height, flags=flags, interl=woven(video))
    if not _has_half_lines(video, video.pixel_format, size.height):
        return (resize,)
    # meanwhile there is a line of chroma for each line
    whole = replace(
        video, height=size.height, pixel_format=(video.pixel_format or "").replace("420", "422")
    )
    return (
        *_in_format(whole.pixel_format),
        resize,
        *by_field(whole, video.pixel_format, *_in_format(video.pixel_format)),
    )


def by_field(video: VideoStream, pixels: str | None, *filters: Filter) -> tuple[Filter, ...]:
    """Filters that write `pixels` field by field: FFmpeg 5 writes past the end of a field whose last line
    of chroma is half a line, so meanwhile each field is a line longer, as a mirror would show it."""
    if not _has_half_lines(video, pixels, video.height):
        return filters
    return (
        Filter.of("pad", h=video.height + 2),
        Filter.of("fillborders", bottom=2, mode="reflect"),
        *filters,
        Filter.of("crop", h=video.height, y=0),
    )


def _has_half_lines(video: VideoStream, pixels: str | None, height: int) -> bool:
    """Whether a field of 4:2:0 ends in the middle of a line of chroma."""
    return video.is_interlaced and "420" in (pixels or "") and height % 4 == 2


def _in_format(pixels: str | None) -> tuple[Filter, ...]:
    return Filter.of("scale", interl=True), Filter.of("format", pix_fmts=pixels)
