"""Colours that users name (sRGB) on pictures of any matrix and dynamic range.

Filters that paint on YUV convert their colour by BT.601 (FFmpeg before 7), and for HDR by no transfer
at all. Where that would show, the paint is put on a transparent still of RGB, which is laid over.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from operators.colorimetry import converted, is_hdr
from operators.colors import COLORS
from operators.filtergraph import Expression, Filter, Link, Pad, inner
from operators.laying import clear, laid, laid_in
from operators.media import Kind, VideoStream
from operators.pixels import pixels_of


def is_exact(color: str, video: VideoStream) -> bool:
    """Whether a filter that paints on the picture itself hits the colour."""
    red, green, blue = _rgb(color)
    if is_hdr(video):
        return red == green == blue == 0
    is_same = video.color_space in ("bt470bg", "smpte170m")
    return red == green == blue or is_same or pixels_of(video.pixel_format).model != "yuv"


def painted(video: VideoStream, made: VideoStream, *colors: str) -> VideoStream:
    """`made` as it comes out where these colours are put on `video`."""
    return made if all(is_exact(color, video) for color in colors) else laid(made)


def framed(
    video: VideoStream,
    made: VideoStream,
    color: str,
    paint: Callable[[str, bool], tuple[Filter, ...]],
) -> tuple[Link, ...]:
    """`paint(colour, on RGB)` puts a colour around the picture `video`, which becomes `made`."""
    if is_exact(color, video):
        first = Pad(Kind.VIDEO)
        return (Link(inputs=(first,), filters=paint(color, False), outputs=(first,)),)
    around = sheet(video, color, paint(f"{plain(color)}@1", True))
    return laid_over(made, [around], below=paint("black", False))


def sheet(video: VideoStream, color: str, paint: tuple[Filter, ...]) -> tuple[Filter, ...]:
    """A transparent still of the picture's size with an opaque `paint` of one colour on it; its edges
    are soft, so what is transparent has that colour too."""
    opacity = _opacity(color)
    faint = Filter.of("colorchannelmixer", aa=opacity)
    return (
        Filter.of("color", color=f"{plain(color)}@0", size=f"{video.width}x{video.height}"),
        Filter.of("trim", end_frame=1),
        Filter.of("format", pix_fmts="rgba"),
        *paint,
        *([faint] if opacity < 1 else []),
    )


def laid_over(
    made: VideoStream,
    sheets: Sequence[tuple[Filter, ...]],
    below: tuple[Filter, ...] = (),
    enable: Expression | None = None,
) -> tuple[Link, ...]:
    """Sheets, the last on top, over the first picture of source 0, through `below`; it becomes `made`."""
    seen = replace(made, pixel_format="rgba", color_transfer=None, color_primaries=None)
    *stills, whole, under = (inner(Kind.VIDEO, n) for n in range(len(sheets) + 2))
    links = [
        Link(inputs=(), filters=filters, outputs=(pad,))
        for filters, pad in zip(sheets, stills, strict=True)
    ]
    together = (*_stacked(stills), *converted(seen, clear(made)))
    links.append(Link(inputs=tuple(stills), filters=together, outputs=(whole,)))
    if below:
        links.append(Link(inputs=(Pad(Kind.VIDEO),), filters=below, outputs=(under,)))
    lay = Filter.of("overlay", x=0, y=0, eof_action="repeat", format=laid_in(made), enable=enable)
    first = under if below else Pad(Kind.VIDEO)
    links.append(Link(inputs=(first, whole), filters=(lay,), outputs=(Pad(Kind.VIDEO),)))
    return tuple(links)


def _stacked(stills: Sequence[Pad]) -> tuple[Filter, ...]:
    return (Filter.of("overlay", x=0, y=0, format="rgb"),) if len(stills) > 1 else ()


def plain(color: str) -> str:
    """`#rrggbb`, without opacity."""
    return "#{:02x}{:02x}{:02x}".format(*_rgb(color))


def _opacity(color: str) -> float:
    """0 to 1, of `name@0.5` or `#rrggbbaa`."""
    name, _, opacity = color.partition("@")
    if opacity:
        return float(opacity)
    return int(name[7:9], 16) / 255 if name.startswith("#") and len(name) == 9 else 1


def _rgb(color: str) -> tuple[int, int, int]:
    name = color.partition("@")[0]
    digits = COLORS.get(name, name).removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
