"""Pixel formats by FFmpeg's names: what a sample is, and how deep."""

import re
from dataclasses import dataclass
from functools import cache

_YUV = re.compile(r"yuv(a?)(j?)(4\d\d)p(\d*)")
_RGB = re.compile(r"(?:(gbr)(a?)p|(?:x2)?(?:rgb|bgr|rgba|bgra|argb|abgr|0rgb|0bgr|rgb0|bgr0))")
_GREY = re.compile(r"(?:gray|ya|mono)")
# packed and half-packed: chroma, bits
_PACKED = {
    "nv12": ("420", 8), "nv21": ("420", 8), "nv16": ("422", 8), "nv24": ("444", 8),
    "nv20": ("422", 10), "yuyv422": ("422", 8), "uyvy422": ("422", 8), "yvyu422": ("422", 8),
    "uyyvyy411": ("411", 8), "y210": ("422", 10), "y212": ("422", 12), "p010": ("420", 10),
    "p012": ("420", 12), "p016": ("420", 16), "p210": ("422", 10), "p216": ("422", 16),
    "p410": ("444", 10), "xyz12": ("444", 12), "v30x": ("444", 10), "xv30": ("444", 10),
    "xv36": ("444", 12), "vuyx": ("444", 8), "vuya": ("444", 8), "ayuv64": ("444", 16),
}  # fmt: skip
_CLEAR = ("rgba", "bgra", "argb", "abgr", "pal8", "ya8", "ya16", "vuya", "ayuv64")
_SIXTEEN = ("48", "64", "ya16", "gray16")


@dataclass(frozen=True, kw_only=True)
class PixelFormat:
    """`model`: yuv, rgb or gray; `chroma`: 420, 422, 444 … of YUV."""

    model: str
    depth: int = 8
    """Bits of a sample."""
    has_alpha: bool = False
    chroma: str = "444"
    is_full: bool = False
    """Whether the name alone says that luma runs from 0 to 255 (`yuvj420p`)."""

    @property
    def is_rgb(self) -> bool:
        return self.model == "rgb"


@cache
def pixels_of(name: str | None) -> PixelFormat:
    """What FFmpeg's name stands for; 8 bits of 4:2:0 where it is not known."""
    word = re.sub(r"(le|be)$", "", name or "")
    if found := _YUV.match(word):
        clear, full, chroma, bits = found.groups()
        return PixelFormat(
            model="yuv", depth=int(bits or 8), has_alpha=bool(clear), chroma=chroma, is_full=bool(full)
        )  # fmt: skip
    if word in _PACKED:
        chroma, depth = _PACKED[word]
        return PixelFormat(model="yuv", depth=depth, has_alpha=word in _CLEAR, chroma=chroma)
    clear = word.startswith(_CLEAR) or word.startswith("gbrap")
    if _RGB.match(word) or word == "pal8":
        return PixelFormat(model="rgb", depth=_bits(word), has_alpha=clear)
    if _GREY.match(word):
        return PixelFormat(model="gray", depth=_bits(word), has_alpha=clear, is_full=True)
    return PixelFormat(model="yuv", chroma="420")


def _bits(word: str) -> int:
    if any(part in word for part in _SIXTEEN):
        return 16
    planes = re.search(r"(?:gbra?p|gray|x2rgb|x2bgr)f?(9|10|12|14|16|32)", word)
    return min(int(planes[1]), 16) if planes else 8


def lossless(name: str | None) -> str | None:
    """The pixel format in which FFV1 keeps all of another; None where it takes that as it is. Left
    alone, FFmpeg chooses one that is near."""
    ours = pixels_of(name)
    is_grey_alpha = ours.model == "gray" and ours.has_alpha
    if not is_grey_alpha and (not ours.is_rgb or ours.depth == 8):
        return None
    return f"gbr{'a' if ours.has_alpha else ''}p{'16le' if ours.depth > 8 else ''}"


def yuv(chroma: str, depth: int = 8, *, has_alpha: bool = False) -> str:
    """FFmpeg's name of a planar YUV format."""
    return f"yuv{'a' if has_alpha else ''}{chroma}p{f'{depth}le' if depth > 8 else ''}"
