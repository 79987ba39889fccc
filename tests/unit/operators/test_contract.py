"""What every operator has unless it says otherwise, and the values that operators speak of."""

from operators.contract import Estimates, needs
from operators.media import Kind


def test_an_operator_needs_as_many_inputs_as_it_names() -> None:
    assert needs([Kind.VIDEO]).min_inputs == 1
    both = needs([Kind.VIDEO], [Kind.AUDIO])
    assert both.min_inputs == 2
    assert both.needs(5) == {Kind.AUDIO}


def test_estimates_are_stored_with_every_field() -> None:
    assert Estimates(cpu_ms=3).to_json() == {
        "cpu_ms": 3, "wall_ms": 0, "peak_memory_bytes": 0, "disk_bytes": 0, "output_bytes": 0,
    }  # fmt: skip
    assert Estimates.from_json({"cpu_ms": 3, "of a later version": 1}) == Estimates(cpu_ms=3)
