"""Filters between layouts; what they do to levels is measured in tests/integration/test_levels.py."""

import pytest

from operators.sound import alike, in_form, laid_out, metered, usual_layout, whichever_comes
from tests.helpers.infos import audio

MONO = audio(channels=1, channel_layout="mono")


def written(filters: object) -> str:
    return ",".join(map(str, filters))  # type: ignore[call-overload]


@pytest.mark.parametrize("layout", ["stereo", "quad", "2.1"])
def test_one_channel_goes_to_both_sides_of_a_layout_without_a_centre(layout: str) -> None:
    assert written(laid_out(MONO, layout)).startswith(f"pan=args={layout}|FL=c0|FR=c0,aresample")


def test_it_goes_to_the_centre_where_there_is_one() -> None:
    assert written(laid_out(MONO, "5.1")).startswith("aresample=rematrix_maxval=1,")


def test_sound_of_one_layout_is_not_mixed() -> None:
    stereo = audio()
    assert "rematrix" not in written(alike(stereo, stereo))
    assert "rematrix_maxval=1" in written(alike(stereo, audio(channels=6, channel_layout="5.1")))
    assert "pan=" in written(alike(stereo, MONO))


def test_channels_without_a_name_have_the_usual_ones() -> None:
    assert [usual_layout(n) for n in (1, 2, 6, 8, 11)] == ["mono", "stereo", "5.1", "7.1", "stereo"]


def test_peaks_are_measured_before_samples_become_integers() -> None:
    form, meter = map(str, metered("output_0_1"))
    assert form.startswith("aformat=sample_fmts=flt")
    assert meter == "astats@output_0_1=measure_perchannel=none:measure_overall=Peak_level"


def test_channels_that_change_are_mixed_by_what_there_is_of_them() -> None:
    assert written(whichever_comes("stereo", 48_000)).startswith("pan=args=stereo|FL<FL+")
    assert whichever_comes("5.1", 48_000) == in_form("5.1", 48_000)
