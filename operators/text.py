"""Text for pictures: which bundled font can draw it, and what is missing where none can."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

from operators.glyphs import FILES, RANGES

# drawn as nothing or as layout, whatever the font says
_INVISIBLE = set(
    "\n\r\t\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufe0e\ufe0f\ufeff"
)


@cache
def _bounds(font: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = [word.split("-") for word in RANGES[font].split()]
    return tuple(int(p[0], 16) for p in pairs), tuple(int(p[-1], 16) for p in pairs)


def has_glyph(font: str, char: str) -> bool:
    """Whether the font draws that character."""
    if char in _INVISIBLE:
        return True
    firsts, lasts = _bounds(font)
    place = bisect_right(firsts, ord(char)) - 1
    return place >= 0 and ord(char) <= lasts[place]


def missing(font: str, text: str) -> list[str]:
    """The characters of the text that the font does not have, each once, in order."""
    return [char for char in sorted(set(text)) if not has_glyph(font, char)]


def font_for(text: str) -> str:
    """The first bundled font that draws all of the text; else the one that lacks least of it."""
    return min(FILES, key=lambda font: len(missing(font, text)))


def range_names(characters: Iterable[str]) -> str:
    """Characters as Unicode ranges, for messages: `U+1F600–U+1F64F (😀)`."""
    blocks: dict[int, list[str]] = {}
    for char in characters:
        blocks.setdefault(ord(char) >> 7, []).append(char)
    return ", ".join(
        f"U+{block << 7:04X}–U+{(block << 7) + 127:04X} ({''.join(found[:5])})"
        for block, found in sorted(blocks.items())[:5]
    )
