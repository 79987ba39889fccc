"""Texts and times of subtitle files, by format: SRT, WebVTT, ASS."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pysubs2
from pysubs2 import SSAFile

_CLOCK = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}")
# what else stands between < and > in SRT is text
_SRT_TAG = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
# not up to any ">": a text of "<" alone would take the square of its length
_VTT_TAG = re.compile(r"<[^<>]*>")
_BLOCK = re.compile(r"\{([^{}]*)\}")
_DRAWING = re.compile(r"\\p(\d+)")


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A text and when it is shown, in ms."""

    start_ms: int
    end_ms: int
    text: str


def cues_of(text: str) -> list[Cue]:
    """The cues that show something. Raises: ValueError where this is no subtitle file."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith("WEBVTT"):
        found = _timed(text, is_vtt=True)
    elif "[Events]" in text or "[Script Info]" in text:
        found = _ass(text)
    elif any(map(_TIMING.match, text.split("\n"))):
        found = _timed(text, is_vtt=False)
    else:
        raise ValueError("no subtitles")
    return [cue for cue in found if cue.text.strip() and cue.end_ms > cue.start_ms]


def _timed(text: str, is_vtt: bool) -> Iterator[Cue]:
    lines = text.split("\n")
    places = [n for n, line in enumerate(lines) if _TIMING.match(line)]
    for place, after in zip(places, [*places[1:], None], strict=True):
        match = _TIMING.match(lines[place])
        assert match is not None
        body = lines[place + 1 : after]
        plain = _vtt_text(body) if is_vtt else _srt_text(body, is_last=after is None)
        begin, end = _ms(match.groups()[:4]), _ms(match.groups()[4:])
        yield Cue(start_ms=begin, end_ms=end, text=plain)


def _ms(clock: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, fraction = clock
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _vtt_text(lines: list[str]) -> str:
    """Up to the empty line that ends a cue: names, classes and karaoke times are left out."""
    body = lines[: lines.index("")] if "" in lines else lines
    return html.unescape(_VTT_TAG.sub("", "\n".join(body)))


def _srt_text(lines: list[str], is_last: bool) -> str:
    """Up to the number of the next cue; a text may hold empty lines."""
    body = list(lines)
    while body and not body[-1].strip():
        body.pop()
    if not is_last and body and body[-1].strip().isdigit():
        body.pop()
    return _SRT_TAG.sub("", "\n".join(body)).strip("\n")


def _ass(text: str) -> Iterator[Cue]:
    try:
        found = SSAFile.from_string(text, format_="ssa" if "[V4 Styles]" in text else "ass")
    except (pysubs2.exceptions.Pysubs2Error, OverflowError) as error:
        raise ValueError(str(error)) from error
    for event in found:
        if event.type == "Dialogue":
            yield Cue(start_ms=event.start, end_ms=event.end, text=_ass_text(event.text))


def _ass_text(text: str) -> str:
    """Without overrides, and without what is drawn: coordinates between `\\p1` and `\\p0`."""
    shown, is_drawing = [], False
    for number, part in enumerate(_BLOCK.split(text)):
        if number % 2 == 0:
            shown += [] if is_drawing else [part]
        elif drawn := _DRAWING.findall(part):
            is_drawing = int(drawn[-1]) > 0
    return "".join(shown).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
