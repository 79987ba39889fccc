"""Products of parameters of which `make test` takes a slice: every value of each, not every pair."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest


def thinned(*values: Iterable[Any], keep: int = 6) -> list[Any]:
    """All combinations; those of which the places sum up to no multiple of `keep` are long forms."""
    lists = [list(enumerate(one)) for one in values]
    found = []
    for row in product(*lists):
        marks = [pytest.mark.full] if sum(place for place, _ in row) % keep else []
        name = "-".join(_name(value) for _, value in row)
        found.append(pytest.param(*(value for _, value in row), marks=marks, id=name))
    return found


def _name(value: Any) -> str:
    match value:
        case {"op": str(name)}:
            return name
        case tuple() | list():
            return "-".join(map(_name, value))
        case dict():
            return str(value.get("codec", "default"))
        case _:
            return str(value)
