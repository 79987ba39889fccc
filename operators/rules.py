"""Rules for single values, and the findings that tell where one breaks them."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from operators.problem import Code, pointer


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with a value, `at` a pointer below the value itself."""

    message: str
    suggestion: str | None = None
    at: str = ""
    code: Code | None = None
    """None: the code of whatever holds the value."""

    def below(self, prefix: str) -> "Finding":
        return replace(self, at=prefix + self.at)


class Rejected(ValueError):
    """The value breaks the declaration: one or more findings."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(f.message for f in findings))
        self.findings = findings


def reject(message: str, suggestion: str | None = None) -> Rejected:
    return Rejected(Finding(message=message, suggestion=suggestion))


def collect(entries: Any, convert: Callable[[object], Any]) -> dict[Any, Any]:
    """Convert every entry; raise all findings of all of them at once."""
    done, findings = {}, []
    for key, value in entries:
        try:
            done[key] = convert(value)
        except Rejected as rejected:
            findings += [finding.below(pointer(key)) for finding in rejected.findings]
    if findings:
        raise Rejected(*findings)
    return done


def check_bounds(number: Any, low: Any, high: Any, step: Any, show: Callable[[Any], str]) -> None:
    if low is not None and high is not None and not low <= number <= high:
        raise reject(f"must be between {show(low)} and {show(high)}, not {show(number)}")
    if low is not None and number < low:
        raise reject(f"must be at least {show(low)}, not {show(number)}")
    if high is not None and number > high:
        raise reject(f"must be at most {show(high)}, not {show(number)}")
    if step is not None and not math.isclose(number / step, round(number / step), abs_tol=1e-9):
        raise reject(f"must be a multiple of {show(step)}, not {show(number)}")


def check_count(value: Any, low: int | None, high: int | None, unit: str) -> None:
    plural = unit[:-1] + "ies" if unit.endswith("y") else unit + "s"
    if low is not None and len(value) < low:
        raise reject(f"must have at least {low} {unit if low == 1 else plural}")
    if high is not None and len(value) > high:
        raise reject(f"must have at most {high} {plural}, not {len(value)}")


def number_text(number: float) -> str:
    return f"{number:g}"


def shown(value: object) -> str:
    match value:
        case str():
            return f'"{value if len(value) <= 40 else value[:40] + "…"}"'
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case int() | float():
            return str(value) if abs(value) < 1e18 else "so large a number"
        case _:
            return kind_of(value)


def kind_of(value: object) -> str:
    names = {
        bool: "true or false",
        str: "text",
        int: "a number",
        float: "a number",
        type(None): "null",
    }
    return names.get(type(value), "a list" if isinstance(value, (list, tuple)) else "an object")
