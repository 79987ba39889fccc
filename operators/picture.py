"""Pictures: sizes that keep a shape, places in a frame, and the filters that make streams alike."""

from fractions import Fraction
from math import ceil

from operators.fields import scaled
from operators.filtergraph import Expression, Filter, Rate
from operators.media import MediaInfo, VideoStream
from operators.parameters import Enum, Size
from operators.pixels import pixels_of, yuv

LARGEST = Size(width=7680, height=4320)
STILL_RATE = Fraction(25)
"""Frames a second of a still that becomes a stream."""

ANCHORS = (
    "top_left", "top_center", "top_right", "center_left", "center", "center_right",
    "bottom_left", "bottom_center", "bottom_right",
)  # fmt: skip
POSITION = Enum(values=(*ANCHORS, "custom"))

# scale keeps the display shape by changing the sample aspect ratio; what was asked for is pixels
SQUARE = Filter.of("setsar", sar=1)


def display_aspect(video: VideoStream) -> Fraction:
    """Width over height as seen, for a stream that stands upright."""
    return Fraction(video.width, video.height) * video.sar


def to_even(length: Fraction | int) -> int:
    """The nearest even number of pixels, at least 2 (4:2:0 pictures have even sides)."""
    return max(2, 2 * round(Fraction(length) / 2))


def seen_size(video: VideoStream) -> Size:
    """The size with square pixels."""
    if video.sar == 1:
        return Size(width=video.width, height=video.height)
    return Size(width=to_even(video.width * video.sar), height=video.height)


def squared(video: VideoStream) -> tuple[Filter, ...]:
    """Make pixels square where they are not."""
    if video.sar == 1:
        return ()
    size = seen_size(video)
    return Filter.of("scale", w=size.width, h=size.height, flags="bicubic"), SQUARE


def fit_sizes(shape: Fraction, box: Size) -> tuple[Size, Size]:
    """The largest picture of that shape inside the box, and the smallest around it."""
    height, width = to_even(box.width / shape), to_even(box.height * shape)
    # rounding to even must not push the inner picture out of the box, nor the outer into it
    if shape > Fraction(box.width, box.height):
        inside = Size(width=box.width, height=min(height, box.height))
        return inside, Size(width=max(width, box.width), height=box.height)
    inside = Size(width=min(width, box.width), height=box.height)
    return inside, Size(width=box.width, height=max(height, box.height))


def padded(
    pixel_format: str | None, size: Size, x: int, y: int, color: str | None = None
) -> tuple[Filter, ...]:
    """`pad` that is exact: on subsampled chroma it rounds odd sizes and corners down."""
    bars = Filter.of("pad", w=size.width, h=size.height, x=x, y=y, color=color)
    step = 4 if pixels_of(pixel_format).chroma in ("411", "410") else 2
    is_even = not any(number % step for number in (size.width, size.height, x, y))
    whole = _whole_chroma(pixel_format)
    if is_even or whole == pixel_format:
        return (bars,)
    return Filter.of("format", pix_fmts=whole), bars


def pad_format(pixel_format: str | None, size: Size, x: int, y: int) -> str | None:
    """The pixel format behind `padded`."""
    made = padded(pixel_format, size, x, y)
    return _whole_chroma(pixel_format) if len(made) > 1 else pixel_format


def _whole_chroma(name: str | None) -> str | None:
    """The same pixel format with colour for every pixel."""
    ours = pixels_of(name)
    if name is None or ours.chroma == "444":
        return name
    return "yuvj444p" if ours.is_full else yuv("444", ours.depth, has_alpha=ours.has_alpha)


def centre(pixel_format: str | None, outer: Size, inside: Size) -> tuple[int, int]:
    """The corner of a picture in the middle of another, on the chroma grid where there is one."""
    x, y = (outer.width - inside.width) // 2, (outer.height - inside.height) // 2
    return (x - x % 2, y - y % 2) if pixels_of(pixel_format).chroma != "444" else (x, y)


def contained(video: VideoStream, size: Size) -> tuple[Filter, ...]:
    """Scale into a box with bars where the shape differs; nothing where it is that size already."""
    if video.sar == 1 and (video.width, video.height) == (size.width, size.height):
        return ()
    inside, _ = fit_sizes(display_aspect(video), size)
    resized = scaled(video, inside, "bicubic")
    if inside == size:
        return *resized, SQUARE
    x, y = centre(video.pixel_format, size, inside)
    return *resized, *padded(video.pixel_format, size, x, y), SQUARE


def place(position: str, margin: int, outer: Size, inside: Size) -> tuple[int, int]:
    """The corner of a picture that is anchored in another, `margin` pixels from the edge."""
    down, _, across = position.partition("_") if "_" in position else ("center", "", "center")
    across = across or "center"
    return (
        _along(across, "left", "right", margin, outer.width, inside.width),
        _along(down, "top", "bottom", margin, outer.height, inside.height),
    )


def _along(word: str, start: str, end: str, margin: int, outer: int, inside: int) -> int:
    if word == start:
        return margin
    return outer - inside - margin if word == end else (outer - inside) // 2


def frames_in(seconds: Fraction, rate: Fraction) -> int:
    """Whole frames in a length, at least one."""
    return max(1, round(seconds * rate))


def regular(video: VideoStream, source: MediaInfo) -> tuple[Filter, ...]:
    """Filters that put frames back on the grid that they kept before a container rounded their
    times: else a new rate would take the one or the other of two frames that are equally near."""
    rate = video.grid_rate
    if not rate or rate != video.nominal_frame_rate or video.start_ms != source.start_ms:
        return ()
    return (Filter.of("settb", expr=Expression(f"{rate.denominator}/{rate.numerator}")),)


def held(seconds: Fraction, rate: Fraction = STILL_RATE) -> tuple[Filter, ...]:
    """Filters that make a still last: the one frame again and again, on an exact grid."""
    count = max(1, ceil(seconds * rate))
    return (
        Filter.of("settb", expr=Expression(f"{rate.denominator}/{rate.numerator}")),
        # the frame is decoded once and repeated by reference
        Filter.of("loop", loop=count - 1, size=1),
        Filter.of("setpts", expr=Expression("N")),
        Filter.of("fps", fps=Rate(rate)),
    )


def held_ms(seconds: Fraction, rate: Fraction = STILL_RATE) -> int:
    """How long `held` lasts."""
    return round(max(1, ceil(seconds * rate)) / rate * 1000)


def enabled(start: Fraction | None, end: Fraction | None) -> Expression | None:
    """The `enable` expression of a filter that acts from `start` until before `end`, in seconds."""
    bounds = [f"gte(t,{_seconds(start)})"] if start else []
    bounds += [f"lt(t,{_seconds(end)})"] if end is not None else []
    return Expression("*".join(bounds)) if bounds else None


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")
