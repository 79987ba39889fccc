"""What every operator has unless it says otherwise, and the values that operators speak of."""

from typing import Any

from operators import registry
from operators.contract import Estimates, needs
from operators.media import Kind
from tests.helpers.infos import clip


def _made(name: str, **params: Any) -> Any:
    operator = registry.find(name)
    assert operator is not None
    made, problems = operator.read(params, "")
    assert made is not None, problems
    return made


def test_an_operator_needs_as_many_inputs_as_it_names() -> None:
    assert needs([Kind.VIDEO]).min_inputs == 1
    both = needs([Kind.VIDEO], [Kind.AUDIO])
    assert both.min_inputs == 2
    assert both.needs(5) == {Kind.AUDIO}


def test_estimates_are_stored_with_every_field() -> None:
    assert Estimates(cpu_ms=3).to_json() == {
        "cpu_ms": 3, "wall_ms": 0, "peak_memory_bytes": 0, "disk_bytes": 0, "output_bytes": 0,
    }  # fmt: skip


def test_packets_are_copied_only_where_an_operator_says_so() -> None:
    scale = _made("scale", width=64)
    assert scale.joint([clip()]) is None
    assert scale.copied([clip()]) is None
