"""Who comes first, and who runs how nicely: rules that two tenants can check for themselves."""

from hypothesis import given
from hypothesis import strategies as st

from app.services import fairness


@given(st.integers(0, 10_000))
def test_levels_are_celerys_and_never_fall(outstanding: int) -> None:
    here, next_one = fairness.level(outstanding), fairness.level(outstanding + 1)
    assert 0 <= here <= next_one
    assert next_one < fairness.crowded(here) <= fairness.crowded(next_one) <= 9


def test_the_first_steps_of_one_come_before_the_many_of_another() -> None:
    polite = [fairness.level(n) for n in range(2)]
    greedy = [fairness.level(n) for n in range(5, 200)]
    assert max(polite) < min(greedy)


def test_what_is_tried_too_early_keeps_its_order() -> None:
    """And comes behind whatever was not tried yet."""
    tried = [fairness.crowded(fairness.level(n)) for n in (0, 2, 5, 10, 100)]
    assert tried == sorted(set(tried))
    assert min(tried) > fairness.level(100_000)


@given(st.integers(0, 8))
def test_all_processes_of_a_tenant_weigh_about_as_one(beside: int) -> None:
    weight = 1.25 ** -fairness.niceness(beside)
    assert 0.85 < (beside + 1) * weight < 1.15
