"""Learning what work costs: from whole attempts back to classes of work."""

import random

import pytest

from operators.contract import Estimates
from planner.calibration import Sample, learn
from planner.costs import Costs, Factor, estimate

_TRUE = {"start": 1.5, "decode/h264/hd": 0.5, "scale/hd": 3.0, "encode/libx264/fast/hd": 0.2}


def attempts(count: int, noise: float = 0.0, odd: int = 0) -> list[Sample]:
    """Random mixtures of work that took what `_TRUE` says; `odd` of them ten times as long."""
    chance = random.Random(7)
    found = []
    for number in range(count):
        work = {
            name: Estimates(cpu_ms=ms, wall_ms=ms)
            for name in _TRUE
            if (ms := chance.choice([0, 500, 1000, 4000])) or name == "start"
        }
        took = sum(amount.wall_ms * _TRUE[name] for name, amount in work.items())
        took *= chance.uniform(1 - noise, 1 + noise) * (10 if number < odd else 1)
        found.append(Sample(work=work, used=Estimates(cpu_ms=round(took), wall_ms=round(took))))
    return found


def test_what_attempts_took_is_told_apart_by_class() -> None:
    factors = learn(attempts(60), Costs())
    assert {name: factors[name].wall_ms for name in _TRUE} == pytest.approx(_TRUE, rel=0.1)


def test_odd_attempts_do_not_matter_much() -> None:
    factors = learn(attempts(80, noise=0.1, odd=5), Costs())
    assert {name: factors[name].wall_ms for name in _TRUE} == pytest.approx(_TRUE, rel=0.25)


def test_what_was_learnt_lies_over_the_table() -> None:
    table = Costs(factors={"scale/hd": Factor(wall_ms=3.0)})
    assert learn(attempts(60), table)["scale/hd"].wall_ms == pytest.approx(1.0, rel=0.05)


def test_nine_of_ten_runs_stay_below_the_ninetieth_percentile() -> None:
    known = attempts(200, noise=0.4)
    costs = Costs(factors=learn(known, Costs()))
    told = [estimate(one.work, Costs(), costs).wall_p90_ms for one in known]
    below = sum(one.used.wall_ms <= p90 for one, p90 in zip(known, told, strict=True))
    assert 0.85 <= below / len(known) <= 1.0


def test_estimates_say_from_how_many_attempts_they_are() -> None:
    work = {"scale/hd": Estimates(wall_ms=1000), "start": Estimates(wall_ms=1)}
    costs = Costs(factors={"scale/hd": Factor(samples=12), "start": Factor(samples=99)})
    assert estimate(work, Costs(), costs).samples == 12


def test_an_unknown_class_is_taken_for_the_one_most_like_it() -> None:
    costs = Costs(
        factors={
            "encode/libx264/fast/sd": Factor(wall_ms=2),
            "encode/libx264/slow/hd": Factor(wall_ms=3),
            "encode/libx265/fast/hd": Factor(wall_ms=4),
            "*": Factor(wall_ms=9),
        }
    )
    assert costs.of("encode/libx264/fast/hd").wall_ms == 2
    assert costs.of("encode/libx264/veryslow/hd").wall_ms == 3
    assert costs.of("decode/vp9/hd").wall_ms == 9
    assert Costs().of("decode/vp9/hd") == Factor()


def test_nothing_is_learnt_from_nothing() -> None:
    assert learn([], Costs()) == {}
