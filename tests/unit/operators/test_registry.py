from dataclasses import dataclass
from typing import ClassVar

import pytest

from operators import registry
from operators.contract import Category, Operator
from operators.registry import DuplicateOperator, UndeclaredCapability, register


def test_the_catalogue_is_listed_by_category() -> None:
    assert {"trim", "scale"} <= set(registry.names())
    timeline = [op.name for op in registry.listed(Category.TIMELINE)]
    assert timeline == ["combine", "concat", "fade", "trim", "xfade"]
    assert registry.find("nothing") is None


def test_a_name_cannot_be_taken_twice() -> None:
    with pytest.raises(DuplicateOperator, match=r"is taken by operators\.timeline\.trim"):

        @register
        @dataclass(frozen=True, kw_only=True)
        class Mine(Operator):
            name: ClassVar[str] = "trim"


def test_a_capability_is_inherited() -> None:
    """The planner asks for the base class: a method alone would never be called."""
    with pytest.raises(
        UndeclaredCapability, match=r"has sidecar\(\) and does not inherit HasSidecar"
    ):

        @register
        @dataclass(frozen=True, kw_only=True)
        class Mine(Operator):
            name: ClassVar[str] = "mine"

            def sidecar(self, _: object) -> str | None:
                return None

    assert registry.find("mine") is None


@pytest.mark.parametrize("operator", registry.listed(), ids=lambda op: op.name)
def test_every_operator_describes_itself_and_its_examples_work(operator: type[Operator]) -> None:
    described = operator.describe().to_json()
    assert described["description"]
    assert all(parameter["description"] for parameter in described["parameters"])
    assert len(operator.examples) >= 2
    for example in operator.examples:
        made, problems = operator.read(dict(example.params), "/params")
        assert problems == []
        assert made is not None
        again, _ = operator.read(made.params(), "/params")
        assert again == made


def test_operators_come_from_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name, value = "mirror", "acme:Mirror"

        def __init__(self, loaded: object) -> None:
            self.loaded = loaded

        def load(self) -> object:
            return self.loaded

    entries = [Entry(registry.find("trim")), Entry("no operator")]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)
    registry._load_all.cache_clear()
    assert registry.find("trim") is not None
