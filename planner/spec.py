"""The JobSpec as values: what the fields are, with their rules. Reading it is `planner.parse`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

from operators.contract import Operator
from operators.media import Kind
from operators.parameters import (
    Array,
    Bool,
    Duration,
    Enum,
    FrameRate,
    Int,
    Object,
    ParamType,
    Resolution,
    Size,
    String,
)
from operators.reading import declared, param, read_fields
from operators.rules import Rejected, reject
from operators.synonyms import SYNONYMS
from operators.timeline.trim import Trim
from planner import codecs

ID_PATTERN = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
REFERENCE_PATTERN = rf"({ID_PATTERN})(?::(v|a)(?::(\d{{1,3}}))?)?"
_KINDS = {"v": Kind.VIDEO, "a": Kind.AUDIO}
_TEXT_MAP = Object(item_type=String(max_length=1024), max_items=64)
_TAG_NAME = r"[A-Za-z0-9_.\- ]{1,64}"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """`id`: first picture and all sound; `id:v`, `id:a`: one kind; `id:a:1`: the second track."""

    id: str
    kind: Kind | None = None
    track: int | None = None

    def __str__(self) -> str:
        parts = (self.id, self.kind and self.kind.value[0], self.track)
        return ":".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True, kw_only=True)
class ReferenceType(ParamType):
    """Text that names a stream source of the job."""

    kind: ClassVar[str] = "reference"

    def read(self, value: object) -> Reference:
        match = re.fullmatch(REFERENCE_PATTERN, value, re.ASCII) if isinstance(value, str) else None
        if not match:
            raise reject(
                "must be a reference", 'Forms: "id", "id:v", "id:a", "id:a:1" (the second track).'
            )
        track = None if match[3] is None else int(match[3])
        return Reference(id=match[1], kind=_KINDS.get(match[2]), track=track)

    def plain(self, value: Any) -> Any:
        return None if value is None else str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{REFERENCE_PATTERN}$"}


@dataclass(frozen=True, kw_only=True)
class Nested(ParamType):
    """An object with declared fields; findings point at the field. `words` are shorthands."""

    kind: ClassVar[str] = "object"
    of: type
    words: tuple[str, ...] = ()

    def read(self, value: object) -> Any:
        if isinstance(value, str) and self.words:
            return self._word(value)
        values, findings = read_fields(self.of, value)
        if findings:
            raise Rejected(*findings)
        return self.of(**values)

    def _word(self, value: str) -> str:
        """One of the shorthands. Whoever writes a codec alone means the object that names it."""
        try:
            return Enum(values=self.words).convert(value)  # type: ignore[no-any-return]
        except Rejected as rejected:
            inner = declared(self.of).get("codec")
            near = inner and isinstance(inner.type, Enum) and _nearest(value, inner.type.values)
            if not near:
                raise
            (finding,) = rejected.findings
            hint = f'Write {{"codec": "{near}"}}.'
            raise Rejected(replace(finding, suggestion=hint)) from None

    def schema(self) -> dict[str, Any]:
        described = object_schema(self.of)
        return {"oneOf": [described, {"enum": list(self.words)}]} if self.words else described


def _nearest(value: str, names: Sequence[str]) -> str | None:
    if value in names:
        return value
    return next((name for name in SYNONYMS.get(value.lower(), ()) if name in names), None)


@dataclass(frozen=True, kw_only=True)
class Deferred(Nested):
    """An object that is read later, so that one fault does not hide those of its neighbours."""

    def read(self, value: object) -> object:
        return value


@dataclass(frozen=True, kw_only=True)
class Anything(ParamType):
    """Any JSON value; whoever asked for it will look."""

    kind: ClassVar[str] = "any"

    def read(self, value: object) -> object:
        return value

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Bitrate(ParamType):
    """Bits a second: a number, or text such as "128k", "2.5M"."""

    kind: ClassVar[str] = "bitrate"
    json_type: ClassVar[str | list[str]] = ["integer", "string"]
    min: int = 1_000
    max: int = 1_000_000_000
    _UNITS: ClassVar[Mapping[str, int]] = {"": 1, "k": 1000, "M": 1_000_000}

    def read(self, value: object) -> int:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        match = (
            re.fullmatch(r"(\d{1,10}(?:\.\d{1,3})?)([kM]?)", text, re.ASCII)
            if isinstance(text, str)
            else None
        )
        bits = int(Fraction(match[1]) * self._UNITS[match[2]]) if match else 0
        if not self.min <= bits <= self.max:
            raise reject(
                f"must be bits a second between {self.min} and {self.max}",
                'Such as "128k" or "2.5M".',
            )
        return bits


def object_schema(cls: Any) -> dict[str, Any]:
    """JSON Schema of an object with declared fields, for OpenAPI."""
    fields = declared(cls)
    properties = {
        name: {**p.type.schema(), "description": p.description} for name, p in fields.items()
    }
    required = [name for name, p in fields.items() if p.is_required]
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": required} if required else schema


@dataclass(frozen=True, kw_only=True)
class VideoCodec:
    """How a picture is encoded. What is unset is the encoder's good default."""

    codec: str | None = param(
        Enum(values=codecs.encoder_names(Kind.VIDEO)), "Codec or FFmpeg encoder", default=None
    )
    bitrate: int | None = param(Bitrate(), "Average bits a second", default=None)
    crf: int | None = param(Int(min=0, max=63), "Constant quality, lower is better", default=None)
    preset: str | None = param(Enum(values=codecs.presets()), "Speed against size", default=None)
    profile: str | None = param(Enum(values=codecs.profiles()), "Codec profile", default=None)
    pixel_format: str | None = param(
        Enum(values=codecs.pixel_formats()), "Pixel format", default=None
    )
    fps: Fraction | None = param(FrameRate(), "Frame rate of the output", default=None)
    gop: int | None = param(Int(min=1, max=1000), "Most frames between keyframes", default=None)


@dataclass(frozen=True, kw_only=True)
class AudioCodec:
    """How sound is encoded."""

    codec: str | None = param(
        Enum(values=codecs.encoder_names(Kind.AUDIO)), "Codec or FFmpeg encoder", default=None
    )
    bitrate: int | None = param(Bitrate(max=2_000_000), "Bits a second", default=None)
    sample_rate: int | None = param(Int(min=8000, max=192000), "Samples a second", default=None)
    channels: int | None = param(Int(min=1, max=8), "Number of channels", default=None)


_WORDS = ("copy", "none")


@dataclass(frozen=True, kw_only=True)
class CodecSpec:
    """Encoding per kind; "copy" keeps the stream as it is, "none" leaves it out."""

    video: VideoCodec | str | None = param(
        Nested(of=VideoCodec, words=_WORDS), "Picture", default=None
    )
    audio: AudioCodec | str | None = param(
        Nested(of=AudioCodec, words=_WORDS), "Sound", default=None
    )

    def of(self, kind: Kind) -> VideoCodec | AudioCodec | str | None:
        return self.video if kind is Kind.VIDEO else self.audio


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """A source of media."""

    id: str = param(String(pattern=ID_PATTERN), "The name by which operations refer to it")
    source: str = param(String(min_length=1), "URI: file://, http(s)://, s3://")
    type: str | None = param(
        Enum(values=("video", "audio", "image", "subtitle")), "What it must be", default=None
    )
    format: str | None = param(
        Enum(values=codecs.container_names()), "Container it must be", default=None
    )
    start_offset: Fraction = param(Duration(), "Skip this much", default=Fraction(0))
    duration: Fraction | None = param(
        Duration(min=Fraction(1, 1000)), "Use only this much", default=None
    )
    metadata: Mapping[str, str] = param(_TEXT_MAP, "Free notes, kept with the job", default={})

    @property
    def cut(self) -> Trim | None:
        """The part of the file that is used, as an operation on it; None: all of it."""
        if not self.start_offset and self.duration is None:
            return None
        return Trim(start=self.start_offset, duration=self.duration)


@dataclass(frozen=True, kw_only=True)
class OperationFields:
    """The fields of an operation as they are written."""

    op: str = param(String(max_length=64), "The operator's name")
    input: Reference | None = param(ReferenceType(), "The one input", default=None)
    inputs: tuple[Reference, ...] | None = param(
        Array(item_type=ReferenceType(), min_items=1, max_items=500), "Several inputs", default=None
    )
    output: str = param(String(pattern=ID_PATTERN), "The name of the result")
    params: Mapping[str, Any] = param(
        Object(item_type=Anything()), "The operator's parameters", default={}
    )


@dataclass(frozen=True, kw_only=True)
class OutputSpec:
    """A file to make. One reference may go to several outputs."""

    id: Reference = param(ReferenceType(), "What is written")
    destination: str = param(String(min_length=1), "URI: file://, s3://")
    format: str | None = param(
        Enum(values=codecs.container_names()), "Container; else by the name", default=None
    )
    codec: CodecSpec = param(Nested(of=CodecSpec), "Encoding", default=CodecSpec())
    metadata: Mapping[str, str] = param(
        Object(item_type=String(max_length=1024), max_items=64, key_pattern=_TAG_NAME),
        "Tags written into the file",
        default={},
    )
    strip_metadata: bool = param(
        Bool(), "Keep none of the input's tags: no place, device, title", default=False
    )


@dataclass(frozen=True, kw_only=True)
class LimitsSpec:
    """Limits of this job; they may only tighten the server's."""

    max_duration: Fraction | None = param(Duration(), "Longest input", default=None)
    max_resolution: Size | None = param(Resolution(), "Largest picture", default=None)
    max_output_size: int | None = param(Int(min=1), "Largest output, bytes", default=None)
    max_memory: int | None = param(Int(min=1), "Most memory of one FFmpeg, bytes", default=None)


@dataclass(frozen=True, kw_only=True)
class JobFields:
    """The fields of a JobSpec as they are written; the three lists are read one by one."""

    inputs: list[Any] = param(
        Array(item_type=Deferred(of=InputSpec), min_items=1, max_items=100), "Sources"
    )
    operations: list[Any] = param(
        Array(item_type=Deferred(of=OperationFields), max_items=500),
        "What to do, as a graph",
        default=(),
    )
    outputs: list[Any] = param(
        Array(item_type=Deferred(of=OutputSpec), min_items=1, max_items=100), "Files to make"
    )
    priority: int = param(Int(min=0, max=10), "10 is served first", default=5)
    timeout: Fraction | None = param(
        Duration(min=Fraction(1), max=Fraction(7 * 86_400)),
        "Longest wall time of the job",
        default=None,
    )
    limits: LimitsSpec = param(Nested(of=LimitsSpec), "Tighter limits", default=LimitsSpec())
    tags: Mapping[str, str] = param(_TEXT_MAP, "Your own labels, for finding jobs", default={})
    debug: bool = param(Bool(), "Keep work files, log everything", default=False)
    webhook_url: str | None = param(String(max_length=2048), "Where events are sent", default=None)
    plan_id: str | None = param(String(max_length=64), "Run exactly this stored plan", default=None)


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """One operation, its operator with parameters already made."""

    operator: Operator
    inputs: tuple[Reference, ...]
    output: str


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A valid job: what to read, what to do with it, what to write."""

    inputs: tuple[InputSpec, ...]
    operations: tuple[OperationSpec, ...]
    outputs: tuple[OutputSpec, ...]
    priority: int = 5
    timeout: Fraction
    limits: LimitsSpec = LimitsSpec()
    tags: Mapping[str, str]
    debug: bool = False
    webhook_url: str | None = None
