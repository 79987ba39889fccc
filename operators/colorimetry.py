"""What the samples of a picture mean as colours, and the filters that make others of them.

FFmpeg leaves untagged pictures and pictures of RGB to chance: each filter converts by BT.601, each
version tells differently, and a player shows by BT.709 what has 720 lines. So every picture is
stated once, where it comes in, and every conversion names both of its sides.
"""

from dataclasses import replace

from operators.fields import by_field, woven
from operators.filtergraph import Filter
from operators.media import VideoStream
from operators.pixels import pixels_of, yuv

HDR = ("smpte2084", "arib-std-b67")
SDR_WHITE = 203
"""How bright white is where SDR lies in HDR, in cd/m² (ITU-R BT.2408)."""

# ffprobe's word of a matrix -> the scale filter's
_MATRICES = {
    "bt709": "bt709", "bt470bg": "bt601", "smpte170m": "bt601", "smpte240m": "smpte240m",
    "fcc": "fcc", "bt2020nc": "bt2020", "bt2020c": "bt2020",
}  # fmt: skip
_TRANSFERS = {
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "linear", "log100", "log316", "iec61966-2-4",
    "bt1361e", "iec61966-2-1", "bt2020-10", "bt2020-12", "smpte2084", "smpte428", "arib-std-b67",
}  # fmt: skip
_PRIMARIES = {
    "bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431", "smpte432",
}  # fmt: skip
_WIDE = ("bt2020", "smpte431", "smpte432")
# codecs whose pictures are BT.601 whatever their size
_ALWAYS_601 = ("mjpeg", "webp", "vp8", "mpeg1video", "dvvideo")


def stated(video: VideoStream) -> VideoStream:
    """A picture with the matrix and range by which players show it, where its file says none."""
    pixels = pixels_of(video.pixel_format)
    if pixels.model != "yuv":
        return video
    known = video.color_space if video.color_space in _MATRICES else None
    usual = "bt470bg" if video.codec in _ALWAYS_601 else usual_matrix(video.width, video.height)
    return replace(
        video,
        color_space=known or usual,
        color_range="pc" if video.is_full_range else "tv",
    )


def usual_matrix(width: int, height: int) -> str:
    """BT.709 from 720 lines on, however the picture stands; BT.601 below."""
    if max(width, height) >= 1280 or min(width, height) >= 720:
        return "bt709"
    return "bt470bg" if height == 576 else "smpte170m"


def told(video: VideoStream) -> Filter | None:
    """The filter that says what a picture's samples are; None of RGB, which needs no words."""
    if pixels_of(video.pixel_format).model != "yuv":
        return None
    return Filter.of(
        "setparams",
        range=video.color_range,
        color_primaries=video.color_primaries if video.color_primaries in _PRIMARIES else None,
        color_trc=video.color_transfer if video.color_transfer in _TRANSFERS else None,
        colorspace=video.color_space,
    )


def in_yuv(video: VideoStream, pixels: str) -> VideoStream:
    """How a picture is seen in a YUV pixel format: by its own matrix and range, or where it is RGB,
    by the usual ones of its size."""
    made = pixels_of(pixels)
    if pixels_of(video.pixel_format).model == "yuv":
        return replace(stated(video), pixel_format=pixels, bit_depth=made.depth)
    return replace(
        video,
        pixel_format=pixels,
        bit_depth=made.depth,
        color_space=usual_matrix(video.width, video.height),
        color_range="pc" if made.is_full else "tv",
        color_transfer=video.color_transfer or "bt709",
        color_primaries=video.color_primaries or "bt709",
    )


def in_rgb(video: VideoStream, pixels: str) -> VideoStream:
    """How a picture is seen in an RGB pixel format."""
    depth = pixels_of(pixels).depth
    return replace(video, pixel_format=pixels, bit_depth=depth, color_space="gbr", color_range="pc")


def flattened(video: VideoStream) -> tuple[tuple[Filter, ...], VideoStream]:
    """A picture that may be transparent, on black."""
    ours = pixels_of(video.pixel_format)
    planes = video.pixel_format
    if ours.model != "yuv":
        planes = f"gbrap{'16le' if ours.depth > 8 else ''}"
    filters = (Filter.of("format", pix_fmts=planes), Filter.of("premultiply", inplace=1))
    return filters, replace(video, pixel_format=planes)


def needs_narrowing(video: VideoStream) -> bool:
    """Whether not every codec and version keeps that luma runs from 0 to 255."""
    return _is_yuv(video) and _range(video) == "pc" and pixels_of(video.pixel_format).depth == 8


def narrowed(video: VideoStream) -> VideoStream:
    """The same picture with luma from 16 to 235."""
    pixels = (video.pixel_format or "").replace("yuvj", "yuv")
    return replace(video, pixel_format=pixels, color_range="tv")


def converted(video: VideoStream, to: VideoStream) -> tuple[Filter, ...]:
    """Filters that bring a picture's samples to the pixel format and the colours of `to`."""
    if _tone(video) != _tone(to) or _is_wide(video) != _is_wide(to):
        return _toned(video, to)
    ours, theirs = pixels_of(video.pixel_format), pixels_of(to.pixel_format)
    form = Filter.of("format", pix_fmts=to.pixel_format)
    are_rgb = ours.is_rgb and theirs.is_rgb
    are_alike = _matrix(video) == _matrix(to) and _range(video) == _range(to)
    if _range(to) == "pc":  # FFmpeg 5 takes only yuvj for full, and so converts to any other
        are_alike = are_alike and ours.is_full == theirs.is_full
    if are_rgb or (are_alike and ours.is_rgb == theirs.is_rgb):
        halves = (ours.chroma == "420") != (theirs.chroma == "420")
        shaped: tuple[Filter, ...] = () if video.pixel_format == to.pixel_format else (form,)
        if halves and video.is_interlaced:
            shaped = by_field(video, to.pixel_format, Filter.of("scale", interl=True), form)
        return (*shaped, *_renamed(video, to))
    sides: dict[str, str | bool | None] = (
        {} if ours.is_rgb else {"in_color_matrix": _matrix(video), "in_range": _range(video)}
    )
    if not theirs.is_rgb:
        sides |= {"out_color_matrix": _matrix(to), "out_range": _range(to)}
    said = told(to)
    made = by_field(video, to.pixel_format, Filter.of("scale", **sides, interl=woven(video)), form)
    return (*made, *([said] if said else []))


def _renamed(video: VideoStream, to: VideoStream) -> tuple[Filter, ...]:
    """Where one matrix has two names: filters with several inputs give the name of any of them."""
    is_other = stated(video).color_space != stated(to).color_space
    said = told(to) if _is_yuv(video) and is_other else None
    return (said,) if said else ()


def is_hdr(video: VideoStream) -> bool:
    return video.color_transfer in HDR


def as_sdr(video: VideoStream) -> VideoStream:
    """The picture once it is tone-mapped."""
    return replace(
        video,
        color_transfer="bt709",
        color_primaries="bt709",
        color_space="bt709",
        color_range="tv",
    )


def _tone(video: VideoStream) -> str:
    return str(video.color_transfer) if is_hdr(video) else "sdr"


def _is_wide(video: VideoStream) -> bool:
    return video.color_primaries in _WIDE


def _matrix(video: VideoStream) -> str:
    return _MATRICES[stated(video).color_space or ""] if _is_yuv(video) else "bt601"


def _range(video: VideoStream) -> str:
    if pixels_of(video.pixel_format).is_full:
        return "pc"
    return stated(video).color_range or "tv"


def _is_yuv(video: VideoStream) -> bool:
    return pixels_of(video.pixel_format).model == "yuv"


def _toned(video: VideoStream, to: VideoStream) -> tuple[Filter, ...]:
    """Through linear light, for another dynamic range or other primaries; highlights that the new
    range does not hold are rolled off."""
    ours, theirs = pixels_of(video.pixel_format), pixels_of(to.pixel_format)
    alpha = "a" if ours.has_alpha and theirs.has_alpha else ""
    # zscale knows planes only, and floats keep what is brighter than white
    planes = () if _is_yuv(video) else (Filter.of("format", pix_fmts=f"gbr{alpha}p"),)
    alone = 1 if alpha else None  # in slices, zscale leaves lines of transparency as they were
    is_rolled_off = is_hdr(video) and not is_hdr(to)
    light = 100 if is_rolled_off else SDR_WHITE
    chroma = "444" if theirs.is_rgb else theirs.chroma
    goal = in_yuv(to, yuv(chroma, theirs.depth, has_alpha=bool(alpha)))
    made = (
        *planes,
        Filter.of(
            "zscale",
            **_named(video, "in"),
            transfer="linear",
            primaries=_primaries(to),
            npl=light,
            threads=alone,
        ),
        Filter.of("format", pix_fmts=f"gbr{alpha}pf32le"),
        *([Filter.of("tonemap", tonemap="hable", desat=0)] if is_rolled_off else []),
        Filter.of("zscale", **_named(goal, ""), npl=light, threads=alone),
        Filter.of("format", pix_fmts=goal.pixel_format),
    )
    said = told(goal)
    assert said is not None
    return (*made, said, *converted(goal, to))


def _named(video: VideoStream, side: str) -> dict[str, str]:
    """The options of zscale that say what a picture is."""
    is_yuv = _is_yuv(video)
    return {
        f"transfer{side}": _transfer(video),
        f"matrix{side}": (stated(video).color_space or "") if is_yuv else "gbr",
        f"primaries{side}": _primaries(video),
        f"range{side}": _range(video) if is_yuv else "pc",
    }


def _transfer(video: VideoStream) -> str:
    return video.color_transfer if video.color_transfer in _TRANSFERS else "bt709"


def _primaries(video: VideoStream) -> str:
    return video.color_primaries if video.color_primaries in _PRIMARIES else "bt709"
