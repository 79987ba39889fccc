"""The registry of operators: the built-in catalogue and third-party entry points.

The one module-level state of the project beside the Celery object.
"""

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

import operators
from operators.capabilities import HasSidecar, MayClip, PacketCopy, PacketJoin, TwoPass
from operators.contract import Category, Operator

ENTRY_POINT_GROUP = "media_pipeline.operators"
_FAMILIES = tuple(category.value for category in Category)
_CAPABILITIES = (TwoPass, PacketCopy, PacketJoin, HasSidecar, MayClip)
_registered: dict[str, type[Operator]] = {}

OperatorClass = TypeVar("OperatorClass", bound=type[Operator])


class DuplicateOperator(Exception):
    """Two operators claim one name."""


class UndeclaredCapability(Exception):
    """An operator has a method of a capability that it does not inherit: nobody would call it."""


def register(operator: OperatorClass) -> OperatorClass:
    """Class decorator: make the operator known under its name. Raises: DuplicateOperator,
    UndeclaredCapability."""
    known = _registered.get(operator.name)
    if known is not None and known is not operator:
        raise DuplicateOperator(
            f'the operator name "{operator.name}" is taken by {known.__module__}; choose another'
        )
    _check_capabilities(operator)
    _registered[operator.name] = operator
    return operator


def _check_capabilities(operator: type[Operator]) -> None:
    for capability in _CAPABILITIES:
        methods = [name for name in capability.__abstractmethods__ if hasattr(operator, name)]
        if methods and not issubclass(operator, capability):
            raise UndeclaredCapability(
                f"{operator.__module__}.{operator.__name__} has {min(methods)}() and does not inherit "
                f"{capability.__name__}, of operators.capabilities"
            )


@cache
def _load_all() -> None:
    for family in _FAMILIES:
        package = importlib.import_module(f"{operators.__name__}.{family}")
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            importlib.import_module(f"{package.__name__}.{module}")
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: (e.name, e.value)):
        loaded = entry.load()
        if isinstance(loaded, type) and issubclass(loaded, Operator):
            register(loaded)


def find(name: str) -> type[Operator] | None:
    """The operator of that name, or None."""
    _load_all()
    return _registered.get(name)


def listed(category: Category | None = None) -> list[type[Operator]]:
    """All operators, by category in the catalogue's order, then by name."""
    _load_all()
    order = list(Category)
    chosen = [op for op in _registered.values() if category in (None, op.category)]
    return sorted(chosen, key=lambda op: (order.index(op.category), op.name))


def names() -> list[str]:
    return [operator.name for operator in listed()]
