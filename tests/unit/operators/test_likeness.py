"""What operators state about what they leave alone: spot checks of outputs rely on it."""

from fractions import Fraction
from typing import Any

import pytest

from operators.capabilities import MayClip
from operators.contract import SAME, SAME_PICTURE, SAME_SOUND, Likeness
from tests.helpers.infos import clip
from tests.helpers.operators import made


@pytest.mark.parametrize(
    ("name", "params", "stated"),
    [
        ("trim", {"start": 2}, Likeness(start=Fraction(2))),
        ("trim", {}, SAME),
        ("fps", {"fps": 25}, SAME),
        ("deinterlace", {}, SAME),
        ("scale", {"width": 640}, SAME),
        ("scale", {"height": 640}, SAME),
        ("scale", {"width": 640, "height": 640}, SAME),
        ("scale", {"width": 640, "height": 640, "fit": "contain"}, SAME_SOUND),
        ("scale", {"width": 640, "height": 640, "fit": "cover"}, SAME_SOUND),
        ("crop", {"width": 100, "height": 100}, SAME_SOUND),
        ("pad", {"width": 2000, "height": 1000}, SAME_SOUND),
        ("rotate", {"angle": 90}, SAME_SOUND),
        ("loudnorm", {}, SAME_PICTURE),
        ("volume", {"gain_db": -6}, Likeness(gain_db=-6.0)),
        ("volume", {"volume": 10}, Likeness(gain_db=20.0)),
        ("volume", {"volume": 0}, SAME_PICTURE),
        ("mix", {}, None),
        ("concat", {}, None),
    ],
)
def test_what_is_stated(name: str, params: dict[str, Any], stated: Likeness | None) -> None:
    found = made(name, **params).likeness([clip()])
    if stated is None or found is None:
        assert found is stated
        return
    assert found.gain_db == pytest.approx(stated.gain_db)
    assert (found.start, found.is_picture_kept) == (stated.start, stated.is_picture_kept)


@pytest.mark.parametrize(
    ("name", "params", "may_clip"),
    [
        ("volume", {"gain_db": 0.1}, True),
        ("volume", {"gain_db": 0}, False),
        ("volume", {"volume": 0.5}, False),
        ("mix", {}, True),
        ("mix", {"weights": [0.5, 0.5]}, False),
        ("mix", {"weights": [0.5, 0.6]}, True),
        ("loudnorm", {}, False),
        ("fps", {"fps": 25}, False),
    ],
)
def test_what_may_come_above_full_scale(name: str, params: dict[str, Any], may_clip: bool) -> None:
    operator = made(name, **params)
    assert (isinstance(operator, MayClip) and operator.may_clip()) is may_clip
