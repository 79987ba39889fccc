"""`subtitles`: captions burnt into the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from operators.contract import (
    SAME_SOUND,
    BadParameters,
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    filter_cost,
    needs,
    per_track,
    remark,
    wrong,
)
from operators.filtergraph import Captions, Filter, FontFolder, Link
from operators.media import Kind, MediaInfo
from operators.parameters import Bool, Color, Enum, Float, Int, Object, ParamType
from operators.problem import Problem, did_you_mean
from operators.reading import param
from operators.registry import register
from operators.rules import Rejected, reject

ENCODINGS = (
    "auto", "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp1258", "cp866", "cp874", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9",
    "iso8859-15", "koi8-r", "koi8-u", "mac-roman", "shift_jis", "euc-jp", "gb18030", "big5", "euc-kr",
)  # fmt: skip
_STYLE: Mapping[str, ParamType] = {
    "fontsize": Int(min=4, max=500),
    "color": Color(),
    "outline_color": Color(),
    "outline": Float(min=0, max=20),
    "shadow": Float(min=0, max=20),
    "bold": Bool(),
    "italic": Bool(),
    "position": Enum(values=("bottom", "top", "center")),
    "margin": Int(min=0, max=2000),
}


@dataclass(frozen=True, kw_only=True)
class _Style(Object):
    """An object whose entries have types of their own."""

    def read(self, value: object) -> dict[str, Any]:
        given = super().read(value)
        for name in given:
            if name not in _STYLE:
                raise reject(f'has no entry "{name}"', did_you_mean(name, _STYLE))
        try:
            return {name: _STYLE[name].convert(entry) for name, entry in given.items()}
        except Rejected as rejected:
            raise reject(f"holds a wrong value: {rejected}") from rejected


@dataclass(frozen=True, kw_only=True)
class _Any(ParamType):
    kind: ClassVar[str] = "string"

    def read(self, value: object) -> Any:
        return value


@register
@dataclass(frozen=True, kw_only=True)
class Subtitles(Operator):
    """Burn the subtitles of the second input into the picture of the first: SRT, WebVTT or ASS files,
    or the first text track of a video file. They are read and written anew before FFmpeg sees them,
    with a bundled font: text and times are kept, the file's own styles, positions and drawings are not.

    `style` may set fontsize, color, outline_color, outline, shadow, bold, italic, position and margin.
    """

    name: ClassVar[str] = "subtitles"
    category: ClassVar[Category] = Category.GRAPHICS
    looks_back: ClassVar[int | None] = 0
    keeps = SAME_SOUND
    examples: ClassVar[tuple[Example, ...]] = (
        Example(description="As they are", params={}),
        Example(
            description="Large and yellow, at the top",
            params={"style": {"fontsize": 48, "color": "yellow", "position": "top"}},
        ),
    )

    style: Mapping[str, Any] = param(
        _Style(item_type=_Any(), max_items=len(_STYLE)), "How they look", default={}
    )

    encoding: str = param(
        Enum(values=ENCODINGS),
        "How the file's letters are written; auto: as a byte order mark says, UTF-8, or the likeliest",
        default="auto",
    )

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO], [Kind.SUBTITLE])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        video, captions = sources
        if not any(track.is_text for track in captions.subtitles):
            codecs = ", ".join(str(track.codec) for track in captions.subtitles)
            raise BadParameters(_not_text(codecs))
        return video

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return filter_cost(result, factor=0.03, memory_mb=40)

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        video = result.video[0]
        burn = Filter.of(
            "ass",
            filename=Captions(1, video.width, video.height, self.style, self._encoding),
            fontsdir=FontFolder(),
        )
        return per_track(sources[0], video=(burn,))

    @property
    def _encoding(self) -> str | None:
        return None if self.encoding == "auto" else self.encoding

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        guessed = sources[1].guessed_encoding
        if guessed is None or self._encoding:
            return ()
        said = f"the file does not say how its letters are written; it is read as {guessed}"
        return (remark("encoding", said),)


def _not_text(codecs: str) -> Problem:
    return wrong(
        "", f"the subtitles are pictures ({codecs}), not text", "Use an SRT, VTT or ASS file."
    )
