"""The eleven parameter types with their rules: check and convert one JSON value.

A type is a frozen value, so that one declaration (`param(Int(min=2), "Width in pixels")`) gives
validation, conversion, documentation and the wire schema. Reading whole objects is `operators.reading`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any, ClassVar

from operators.colors import COLORS
from operators.duration import BadDuration, format_duration, parse_duration
from operators.problem import did_you_mean
from operators.rules import check_bounds, check_count, collect, kind_of, number_text, reject, shown


@dataclass(frozen=True, kw_only=True)
class ParamType:
    """One kind of value: `convert` reads JSON, `plain` writes it back, `rules` documents."""

    kind: ClassVar[str]
    json_type: ClassVar[str | list[str]] = "string"
    custom: Callable[[Any], str | None] | None = None
    """An own rule: None when the value is fine, else the sentence that says why not."""

    def convert(self, value: object) -> Any:
        """The typed value. Raises: Rejected."""
        typed = self.read(value)
        complaint = self.custom(typed) if self.custom else None
        if complaint:
            raise reject(complaint)
        return typed

    def read(self, value: object) -> Any:
        raise NotImplementedError

    def plain(self, value: Any) -> Any:
        return value

    def rules(self) -> dict[str, Any]:
        """The rules that are set, for documentation: `{"min": 2, "multiple_of": 2}`."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "custom"}
        return {
            name: _documented(value) for name, value in found.items() if value not in (None, ())
        }

    def schema(self) -> dict[str, Any]:
        """JSON Schema of what `convert` takes."""
        return {"type": self.json_type}


def _documented(value: Any) -> Any:
    match value:
        case ParamType():
            return {"type": value.kind, **value.rules()}
        case Fraction():
            return format_duration(value)
        case tuple():
            return [_documented(item) for item in value]
        case _:
            return value


@dataclass(frozen=True, kw_only=True)
class String(ParamType):
    """Text. `pattern` must match the whole value."""

    kind: ClassVar[str] = "string"
    min_length: int | None = None
    max_length: int | None = 4096
    pattern: str | None = None

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise reject(f"must be text, not {kind_of(value)}")
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise reject("must not hold a NUL character or half a surrogate pair")
        check_count(value, self.min_length, self.max_length, "character")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise reject(f"must match {self.pattern}")
        return value

    def schema(self) -> dict[str, Any]:
        return super().schema() | _set(
            minLength=self.min_length,
            maxLength=self.max_length,
            pattern=self.pattern and f"^(?:{self.pattern})$",
        )


@dataclass(frozen=True, kw_only=True)
class Int(ParamType):
    """A whole number; text such as "1280" is read, 1280.7 is not."""

    kind: ClassVar[str] = "int"
    json_type: ClassVar[str | list[str]] = ["integer", "string"]
    min: int | None = None
    max: int | None = None
    multiple_of: int | None = None

    def read(self, value: object) -> int:
        number = value
        if (isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value, re.ASCII)) or (
            isinstance(value, float) and value.is_integer()
        ):
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int):
            raise reject(f"must be a whole number, not {shown(value)}")
        check_bounds(number, self.min, self.max, self.multiple_of, str)
        return number

    def schema(self) -> dict[str, Any]:
        return super().schema() | _set(
            minimum=self.min,
            maximum=self.max,
            multipleOf=self.multiple_of,
            pattern=r"^[+-]?\d{1,18}$",
        )


@dataclass(frozen=True, kw_only=True)
class Float(ParamType):
    """A finite number; decimal text is read."""

    kind: ClassVar[str] = "float"
    json_type: ClassVar[str | list[str]] = ["number", "string"]
    min: float | None = None
    max: float | None = None
    multiple_of: float | None = None

    def read(self, value: object) -> float:
        number = value
        if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,18})?", value, re.ASCII):
            number = float(value)
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise reject(f"must be a number, not {shown(value)}")
        if not abs(number) <= 1e18:
            raise reject("must be a finite number")
        check_bounds(float(number), self.min, self.max, self.multiple_of, number_text)
        return float(number)

    def schema(self) -> dict[str, Any]:
        return super().schema() | _set(minimum=self.min, maximum=self.max)


@dataclass(frozen=True, kw_only=True)
class FrameRate(ParamType):
    """Frames a second: a number, or text such as "30000/1001"."""

    kind: ClassVar[str] = "float"
    json_type: ClassVar[str | list[str]] = ["number", "string"]
    min: int = 1
    max: int = 240

    def read(self, value: object) -> Fraction:
        text = (
            repr(value)
            if isinstance(value, (int, float)) and not isinstance(value, bool)
            else value
        )
        match = (
            re.fullmatch(r"\d{1,6}(\.\d{1,6}|/[1-9]\d{0,5})?", text, re.ASCII)
            if isinstance(text, str)
            else None
        )
        if not match or not self.min <= (rate := Fraction(match[0])) <= self.max:
            raise reject(
                f"must be a frame rate between {self.min} and {self.max}",
                'Such as 25 or "30000/1001".',
            )
        return rate

    def plain(self, value: Any) -> Any:
        return None if value is None else f"{value.numerator}/{value.denominator}"


@dataclass(frozen=True, kw_only=True)
class Bool(ParamType):
    """true or false, also as text; nothing else."""

    kind: ClassVar[str] = "bool"
    json_type: ClassVar[str | list[str]] = ["boolean", "string"]

    def read(self, value: object) -> bool:
        if isinstance(value, str) and value in ("true", "false"):
            return value == "true"
        if not isinstance(value, bool):
            raise reject(f"must be true or false, not {shown(value)}")
        return value


@dataclass(frozen=True, kw_only=True)
class Duration(ParamType):
    """A length of time (`operators.duration`); bounds in seconds."""

    kind: ClassVar[str] = "duration"
    json_type: ClassVar[str | list[str]] = ["string", "number"]
    min: Fraction | None = Fraction(0)
    max: Fraction | None = Fraction(100 * 86_400)

    def read(self, value: object) -> Fraction:
        try:
            seconds = parse_duration(value)
        except BadDuration as error:
            raise reject(str(error), error.suggestion) from error
        if seconds < 0 and self.min == 0:
            raise reject("must not be negative")
        check_bounds(seconds, self.min, self.max, None, format_duration)
        return seconds

    def plain(self, value: Any) -> Any:
        return None if value is None else format_duration(value)


@dataclass(frozen=True, kw_only=True)
class Timecode(Duration):
    """A position in time; written like a duration."""

    kind: ClassVar[str] = "timecode"


@dataclass(frozen=True, kw_only=True)
class Size:
    """A picture size in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, kw_only=True)
class Resolution(ParamType):
    """A picture size: "1280x720" or {"width": 1280, "height": 720}."""

    kind: ClassVar[str] = "resolution"
    json_type: ClassVar[str | list[str]] = ["string", "object"]
    max: Size | None = None

    def read(self, value: object) -> Size:
        if isinstance(value, str) and (
            match := re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", value, re.ASCII)
        ):
            sides: tuple[object, object] = int(match[1]), int(match[2])
        elif isinstance(value, Mapping) and set(value) == {"width", "height"}:
            sides = value["width"], value["height"]
        else:
            raise reject(f"must be a size, not {shown(value)}", 'Write it as "1280x720".')
        width, height = (Int(min=1, max=99999).convert(side) for side in sides)
        if self.max and (width > self.max.width or height > self.max.height):
            raise reject(f"must be at most {self.max}")
        return Size(width=width, height=height)

    def plain(self, value: Any) -> Any:
        return None if value is None else str(value)

    def rules(self) -> dict[str, Any]:
        return _set(max=self.max and str(self.max))


@dataclass(frozen=True, kw_only=True)
class Enum(ParamType):
    """One of a list of words, exactly as written."""

    kind: ClassVar[str] = "enum"
    values: tuple[str, ...]

    def read(self, value: object) -> str:
        if not isinstance(value, str) or value not in self.values:
            known = did_you_mean(value, self.values) if isinstance(value, str) else None
            raise reject(
                f"must be one of {', '.join(self.values)}, not {shown(value)}"
                if len(self.values) <= 12
                else f"{shown(value)} is not known here",
                known or (f"Known: {', '.join(self.values)}." if len(self.values) > 12 else None),
            )
        return value

    def rules(self) -> dict[str, Any]:
        return {"enum": list(self.values)}

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.values)}


@dataclass(frozen=True, kw_only=True)
class Array(ParamType):
    """A list whose items are all of one type; findings name the item."""

    kind: ClassVar[str] = "array"
    json_type: ClassVar[str | list[str]] = "array"
    item_type: ParamType = field(default_factory=String)
    min_items: int | None = None
    max_items: int | None = None

    def read(self, value: object) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise reject(f"must be a list, not {kind_of(value)}")
        check_count(value, self.min_items, self.max_items, "item")
        return tuple(collect(enumerate(value), self.item_type.convert).values())

    def plain(self, value: Any) -> Any:
        return None if value is None else [self.item_type.plain(item) for item in value]

    def schema(self) -> dict[str, Any]:
        return super().schema() | _set(
            items=self.item_type.schema(), minItems=self.min_items, maxItems=self.max_items
        )


@dataclass(frozen=True, kw_only=True)
class Object(ParamType):
    """A map from text to values of one type."""

    kind: ClassVar[str] = "object"
    json_type: ClassVar[str | list[str]] = "object"
    item_type: ParamType = field(default_factory=String)
    max_items: int | None = None
    key_pattern: str = r"[^\0\ud800-\udfff]{1,128}"

    def read(self, value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise reject(f"must be an object, not {kind_of(value)}")
        check_count(value, None, self.max_items, "entry")
        bad = [key for key in value if not re.fullmatch(self.key_pattern, str(key))]
        if bad:
            raise reject(f"the key {shown(bad[0])} must match {self.key_pattern}")
        return collect(value.items(), self.item_type.convert)

    def schema(self) -> dict[str, Any]:
        return super().schema() | {"additionalProperties": self.item_type.schema()}


@dataclass(frozen=True, kw_only=True)
class Color(ParamType):
    """A colour: a name, `#rrggbb` or `#rrggbbaa`; either with `@0.5` for opacity."""

    kind: ClassVar[str] = "color"
    _FORM: ClassVar[str] = (
        r"(#[0-9a-fA-F]{6}(?:[0-9a-fA-F]{2})?|[A-Za-z]{1,32})(?:@(0(?:\.\d{1,6})?|1(?:\.0{1,6})?))?"
    )

    def read(self, value: object) -> str:
        match = re.fullmatch(self._FORM, value, re.ASCII) if isinstance(value, str) else None
        known = match and (match[1].startswith("#") or match[1].lower() in COLORS)
        if not match or not known or (match[2] and len(match[1]) == 9):
            near = did_you_mean(value.lower(), COLORS) if isinstance(value, str) else None
            raise reject(
                f"must be a colour, not {shown(value)}",
                near or 'For example "white" or "#ff8800".',
            )
        return match[0].lower()


def _set(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
