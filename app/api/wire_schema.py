"""Response schemas that are made from the dataclasses whose JSON they describe, so no field is left out.

They document: what is sent is what the dataclass writes, field by field, and is not filtered again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields

_PLAIN: Mapping[Any, type[fields.Field[Any]]] = {
    bool: fields.Boolean,
    int: fields.Integer,
    float: fields.Float,
    str: fields.String,
    Fraction: fields.String,  # `30000/1001`: exact
    Any: fields.Raw,
}


class WireSchema(Schema):
    """Of a document that a dataclass wrote: it has every field already."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        return obj


@cache
def schema_of(cls: type) -> type[WireSchema]:
    """The schema of a dataclass."""
    return make_schema(cls.__name__, cls.__doc__, wire_fields(cls))


def make_schema(
    name: str, doc: str | None, members: Mapping[str, fields.Field[Any]]
) -> type[WireSchema]:
    return type(f"{name}Schema", (WireSchema,), {"__doc__": doc, **members})


def wire_fields(cls: type, is_optional: bool = False) -> dict[str, fields.Field[Any]]:
    """The fields of a dataclass as they are on the wire; `is_optional`: each may be null."""
    hints = get_type_hints(cls)
    return {
        field.name: _field(hints[field.name], allow_none=is_optional) for field in fields_of(cls)
    }


def _field(hint: Any, *, allow_none: bool = False) -> fields.Field[Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        others = [arg for arg in args if arg is not NoneType]
        if len(others) > 1:
            return fields.Raw(allow_none=True)
        return _field(others[0], allow_none=allow_none or NoneType in args)
    if origin in (tuple, list, Sequence, frozenset):
        return fields.List(_field(args[0]), allow_none=allow_none)
    if origin is not None and issubclass(origin, Mapping):
        return fields.Dict(values=_field(args[1]), allow_none=allow_none)
    if hint in _PLAIN:
        return _PLAIN[hint](allow_none=allow_none)
    if isinstance(hint, type) and is_dataclass(hint):
        return fields.Nested(schema_of(hint), allow_none=allow_none)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return fields.String(metadata={"enum": [one.value for one in hint]}, allow_none=allow_none)
    raise TypeError(f"{hint} has no form on the wire")
