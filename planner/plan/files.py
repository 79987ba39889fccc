"""The small files that a command reads or publishes beside its media, by kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text, as it is: what drawtext writes, a thumbnail index."""

    text: str

    @property
    def inputs(self) -> tuple[str, ...]:
        return ()

    def to_json(self) -> str:
        return self.text


@dataclass(frozen=True, kw_only=True)
class ConcatEntry:
    """A file of a concat list. `duration`: seconds, as FFmpeg reads them."""

    input: str
    duration: str

    def to_json(self) -> dict[str, str]:
        return {"input": self.input, "duration": self.duration}


@dataclass(frozen=True, kw_only=True)
class ConcatList:
    """A list for FFmpeg's concat demuxer: inputs that are copied one after the other."""

    entries: tuple[ConcatEntry, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(entry.input for entry in self.entries)

    def to_json(self) -> dict[str, Any]:
        return {"concat": [entry.to_json() for entry in self.entries]}


@dataclass(frozen=True, kw_only=True)
class CaptionFile:
    """Captions of an input, rewritten as ASS for a picture of `width` x `height` pixels. `track`: which
    of its text tracks; `encoding`: the character encoding of a text file, None to detect it."""

    input: str
    width: int
    height: int
    track: int = 0
    style: Mapping[str, Any] = field(default_factory=dict)
    encoding: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.input,)

    def to_json(self) -> dict[str, Any]:
        size = {"width": self.width, "height": self.height}
        return {
            "captions": self.input,
            "track": self.track,
            **size,
            "style": dict(self.style),
            "encoding": self.encoding,
        }


StepFile = TextFile | ConcatList | CaptionFile


def read_file(document: Any) -> StepFile:
    """Raises: KeyError, TypeError where this is no file of a plan."""
    if isinstance(document, str):
        return TextFile(text=document)
    if "concat" in document:
        entries = tuple(ConcatEntry(**entry) for entry in document["concat"])
        return ConcatList(entries=entries)
    return CaptionFile(
        input=document["captions"],
        width=document["width"],
        height=document["height"],
        track=document["track"],
        style=document["style"],
        encoding=document["encoding"],
    )


def sidecar_name(output: int) -> str:
    """The name of the text that is published beside an output."""
    return f"out{output}.vtt"
