"""Which files may follow each other as they are."""

from dataclasses import replace
from fractions import Fraction

import pytest

from operators.joining import difference, has_delay
from operators.media import Kind, MediaInfo
from tests.helpers.infos import audio, clip, video

PCM = replace(audio(1), codec="pcm_s16le", duration_ms=10_000)
PLAIN = clip(picture=video(stored_frames=300))
WITH_PCM = replace(PLAIN, audio=(PCM,))
TEN = (Fraction(10), Fraction(10))


def with_picture(**changes: object) -> MediaInfo:
    return replace(PLAIN, video=(replace(PLAIN.video[0], **changes),))  # type: ignore[arg-type]


def with_sound(**changes: object) -> MediaInfo:
    return replace(PLAIN, audio=(replace(PCM, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (PLAIN, None),
        (with_picture(stored_frames=None), None),
        (with_picture(duration_ms=9_950), "input 1 has frames that are not shown"),
        (with_picture(stored_frames=314), "input 1 has frames that are not shown"),
        (with_picture(duration_ms=9_000), "input 1 has picture and sound of different lengths"),
        (with_picture(duration_ms=None), "input 1 has picture and sound of different lengths"),
        (with_picture(start_ms=30), None),
        (with_picture(start_ms=60), "input 1 has a picture that begins late"),
        (with_picture(time_base="1/90000"), "input 1 has time base 1/90000 instead of None"),
        (with_picture(index=2), "input 1 has its streams in another order"),
        (replace(PLAIN, duration_is_exact=False), "input 1 has no sure length"),
        (replace(PLAIN, format="avi"), "input 1 is avi"),
        (replace(PLAIN, format=None), "input 1 is no file"),
        (replace(PLAIN, video=()), "input 1 has other streams than the first"),
    ],
)
def test_pictures_that_can_follow_are_told_from_others(other: MediaInfo, why: str | None) -> None:
    assert difference([PLAIN, other], TEN, Kind.VIDEO) == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rotation": 90}, "input 0 is turned by its display matrix"),
        ({"lacks_times": True}, "input 0 is stored without the times at which its pictures are shown"),
        ({"is_vfr": True}, "input 0 has frames at no constant rate"),
    ],
)  # fmt: skip
def test_some_pictures_never_follow(changes: dict[str, object], why: str) -> None:
    alike = with_picture(**changes)
    assert difference([alike, alike], TEN, Kind.VIDEO) == why


@pytest.mark.parametrize(
    ("changes", "exactly", "roughly"),
    [
        ({}, None, None),
        ({"duration_ms": 10_001}, None, None),
        ({"duration_ms": 10_002}, "input 1 has sound that is not as long as its picture", None),
        ({"duration_ms": None}, *["input 1 has sound that is not as long as its picture"] * 2),
        ({"start_ms": 5}, "input 1 has sound that begins late", None),
        ({"start_ms": 500}, *["input 1 has sound that begins late"] * 2),
        ({"sample_rate": 44_100}, *["input 1 has sample rate 44100 instead of 48000"] * 2),
    ],
)
def test_sound_follows_where_it_is_as_long_as_its_picture(
    changes: dict[str, object], exactly: str | None, roughly: str | None
) -> None:
    both = [WITH_PCM, with_sound(**changes)]
    assert difference(both, TEN, Kind.AUDIO) == exactly
    assert difference(both, TEN, Kind.AUDIO, is_exact=False) == roughly


def test_sound_that_the_first_has_not_cannot_be_copied() -> None:
    assert difference([replace(PLAIN, audio=()), PLAIN], TEN, Kind.AUDIO) == "input 0 has no audio"


@pytest.mark.parametrize(
    ("codec", "is_delayed"), [("aac", True), ("opus", True), ("flac", False), ("pcm_s24be", False)]
)
def test_lossy_codecs_have_a_lead_in(codec: str, is_delayed: bool) -> None:
    assert has_delay(replace(PCM, codec=codec)) is is_delayed
