"""Subtitles as FFmpeg may see them: read by a library, written anew as ASS with bundled fonts only.

What is kept is text, times and our style; scripts, attachments, drawings and overrides of the
source are not.
"""

from collections.abc import Mapping
from typing import Any

from pysubs2 import Alignment, Color, SSAEvent, SSAFile, SSAStyle

from app.engine.charset import encoding_of
from app.engine.cues import cues_of
from app.errors import Failure
from operators.colors import COLORS
from operators.glyphs import FILES
from operators.problem import Code
from operators.text import font_for, has_glyph

MOST_BYTES = 16 << 20
_MOST_EVENTS = 50_000
_BODY = "DejaVu Sans"
_PLACES = {
    "bottom": Alignment.BOTTOM_CENTER,
    "center": Alignment.MIDDLE_CENTER,
    "top": Alignment.TOP_CENTER,
}


def rewrite(
    raw: bytes, width: int, height: int, style: Mapping[str, Any], encoding: str | None = None
) -> str:
    """The subtitles of an SRT, WebVTT or ASS file as an ASS text for a picture of that size.
    `encoding`: what the file is written in, where that is known.

    Raises: Failure where there are none to be read.
    """
    if len(raw) > MOST_BYTES:
        raise _bad("The subtitle file is larger than 16 MiB.")
    try:
        cues = cues_of(_decode(raw, encoding))
    except (ValueError, OverflowError) as error:
        raise _bad("The subtitles are neither SRT, WebVTT nor ASS.") from error
    if not cues:
        raise _bad("The subtitle file holds no subtitles.")
    if len(cues) > _MOST_EVENTS:
        raise _bad(f"The subtitle file holds more than {_MOST_EVENTS} subtitles.")
    made = SSAFile()
    made.info |= {"PlayResX": str(width), "PlayResY": str(height), "WrapStyle": "0"}
    made.styles = {"Default": _style(height, style)}
    made.events = [
        SSAEvent(start=cue.start_ms, end=cue.end_ms, text=_text(cue.text)) for cue in cues
    ]
    return made.to_string("ass")


def _decode(raw: bytes, encoding: str | None) -> str:
    """The text; bytes that the encoding has not become replacement characters."""
    return raw.decode(encoding or encoding_of(raw)[0], errors="replace")


def _text(plain: str) -> str:
    """Plain text as ASS: line breaks kept, braces and backslashes no commands, every run of
    characters in a font that has them."""
    out, font = [], _BODY
    for char in plain.replace("\r", "").strip("\n"):
        if not has_glyph(font, char) or (
            font != _BODY and has_glyph(_BODY, char) and char.isalnum()
        ):
            wanted = _BODY if has_glyph(_BODY, char) else font_for(char)
            if wanted != font:
                font = wanted
                out.append(f"{{\\fn{font}}}")
        # a word joiner after the backslash: libass knows no escape for it
        out.append({"\n": "\\N", "{": "\\{", "}": "\\}", "\\": "\\\u2060"}.get(char, char))
    return "".join(out)


def _style(height: int, given: Mapping[str, Any]) -> SSAStyle:
    return SSAStyle(
        fontname=_BODY if _BODY in FILES else next(iter(FILES)),
        fontsize=given.get("fontsize", max(12, round(height / 16))),
        primarycolor=_color(given.get("color", "white")),
        outlinecolor=_color(given.get("outline_color", "black")),
        outline=given.get("outline", max(1, height / 360)),
        shadow=given.get("shadow", 0),
        bold=given.get("bold", False),
        italic=given.get("italic", False),
        alignment=_PLACES[given.get("position", "bottom")],
        marginv=given.get("margin", max(8, height // 24)),
    )


def _color(text: str) -> Color:
    """Our colours as ASS has them: alpha 0 is opaque."""
    name, _, opacity = text.partition("@")
    digits = (name if name.startswith("#") else COLORS[name]).lstrip("#")
    red, green, blue = (int(digits[n : n + 2], 16) for n in (0, 2, 4))
    alpha = int(digits[6:8], 16) if len(digits) == 8 else round(255 * float(opacity or 1))
    return Color(red, green, blue, 255 - alpha)


def _bad(message: str) -> Failure:
    return Failure(code=Code.INPUT_CORRUPTED, message=message)
