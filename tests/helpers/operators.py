"""Operators with parameters, for tests that need no spec."""

from typing import Any

from operators import registry


def made(name: str, **params: Any) -> Any:
    """An operator as a spec would give it."""
    kind = registry.find(name)
    assert kind is not None
    operator, problems = kind.read(params, "")
    assert operator is not None, problems
    return operator
