"""Declared fields: one `param(...)` on a frozen dataclass is validation, defaults and documentation.

Used for the parameters of operators and for the objects of the JobSpec alike.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any

from operators.parameters import ParamType
from operators.problem import Code, Problem, did_you_mean, pointer
from operators.rules import Finding, Rejected

_KEY = "parameter"
_MOST_UNKNOWN = 20  # of one object; nobody mends more at a time


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """What one field takes: its type with rules, what it means, examples."""

    name: str = ""
    type: ParamType
    description: str
    default: Any = MISSING
    examples: tuple[Any, ...] = ()

    @property
    def is_required(self) -> bool:
        return self.default is MISSING

    def to_json(self) -> dict[str, Any]:
        """The descriptor of `GET /v1/operators`."""
        default = None if self.is_required else self.type.plain(self.default)
        return {
            "name": self.name,
            "type": self.type.kind,
            "required": self.is_required,
            "default": default,
            "description": self.description,
            "rules": self.type.rules(),
            "examples": list(self.examples),
        }


def param(
    type: ParamType, description: str, *, default: Any = MISSING, examples: tuple[Any, ...] = ()
) -> Any:
    """Declare a field. Without `default` it is required; a None default means "unset"."""
    declared = Parameter(type=type, description=description, default=default, examples=examples)
    if isinstance(default, dict):  # dataclasses want a factory for what can be changed
        return field(default_factory=default.copy, metadata={_KEY: declared})
    return field(default=default, metadata={_KEY: declared})


def declared(cls: Any) -> dict[str, Parameter]:
    """The declared fields of a dataclass, by name, in order."""
    return _declared(cls)


@cache
def _declared(cls: Any) -> dict[str, Parameter]:
    return {
        f.name: Parameter(
            name=f.name,
            type=f.metadata[_KEY].type,
            description=f.metadata[_KEY].description,
            default=f.metadata[_KEY].default,
            examples=f.metadata[_KEY].examples,
        )
        for f in fields(cls)
        if _KEY in f.metadata
    }


def read_fields(
    cls: Any, raw: object, unknown: Code = Code.UNKNOWN_FIELD, word: str = "field"
) -> tuple[dict[str, Any], list[Finding]]:
    """Every field of `cls` that `raw` gives in good order, defaults filled in, and all findings.

    A JSON null stands for "unset" where the field has a default.
    """
    if not isinstance(raw, Mapping):
        return {}, [Finding(message="must be an object")]
    known = declared(cls)
    values: dict[str, Any] = {}
    strange = [str(name) for name in raw if name not in known][:_MOST_UNKNOWN]
    findings = [_unknown(name, known, unknown, word) for name in strange]
    for name, parameter in known.items():
        given = raw.get(name)
        if given is None and not parameter.is_required:
            values[name] = parameter.default
        elif name not in raw:
            findings.append(Finding(at=pointer(name), message=f'the {word} "{name}" is required'))
        else:
            try:
                values[name] = parameter.type.convert(given)
            except Rejected as rejected:
                findings += [f.below(pointer(name)) for f in rejected.findings]
    return values, findings


def _unknown(name: str, known: Mapping[str, Parameter], code: Code, word: str) -> Finding:
    shown = name if len(name) <= 64 else name[:64] + "…"
    return Finding(
        at=pointer(name),
        code=code,
        message=f'unknown {word} "{shown}"',
        suggestion=did_you_mean(name, known) or f"This takes no {word}s.",
    )


def as_problems(findings: list[Finding], at: str, code: Code) -> list[Problem]:
    """Findings of an object that lies at pointer `at`; `code` where a finding has none."""
    return [
        Problem(code=f.code or code, message=f.message, pointer=at + f.at, suggestion=f.suggestion)
        for f in findings
    ]


def plain_fields(instance: Any) -> dict[str, Any]:
    """The declared fields of an instance as JSON, defaults included."""
    return {
        name: parameter.type.plain(getattr(instance, name))
        for name, parameter in declared(type_of(instance)).items()
    }


def type_of(instance: Any) -> Any:
    return instance.__class__
