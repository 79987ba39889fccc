"""Pictures that are laid over others: the pixel formats in which the overlay filter does it."""

from operators.colorimetry import in_rgb, in_yuv
from operators.media import VideoStream
from operators.pixels import pixels_of, yuv


def laid_in(base: VideoStream) -> str:
    """The pixel format, in the words of the overlay filter, in which pictures are laid together."""
    ours = pixels_of(base.pixel_format)
    if ours.is_rgb:
        return "gbrp" if (base.pixel_format or "").startswith("gbr") else "rgb"
    chroma = ours.chroma if ours.chroma in ("420", "422") else "444"
    if ours.depth > 8 and chroma == "444":
        chroma = "422"  # FFmpeg 5 has no yuv444p10 here
    return f"yuv{chroma}{'p10' if ours.depth > 8 else ''}"


def laid(base: VideoStream) -> VideoStream:
    """The picture below as it comes out: as it is, or with fewer bits where there is no other way."""
    word, ours = laid_in(base), pixels_of(base.pixel_format)
    keeps = 10 if word.endswith("p10") else 8
    is_kept = ours.is_rgb or word[3:6] == ours.chroma
    if ours.depth <= keeps and is_kept:
        return base
    if ours.is_rgb:
        return in_rgb(base, "rgba" if ours.has_alpha else "rgb24")
    return in_yuv(base, yuv(word[3:6], keeps, has_alpha=ours.has_alpha))


def clear(base: VideoStream) -> VideoStream:
    """A picture that may be transparent, with the colours of the one below."""
    word = laid_in(base)
    if word in ("rgb", "gbrp"):
        return in_rgb(base, "rgba" if word == "rgb" else "gbrap")
    depth = 10 if word.endswith("p10") else 8
    return in_yuv(base, yuv(word[3:6], depth, has_alpha=True))
