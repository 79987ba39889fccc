from fractions import Fraction
from typing import Any

import pytest

from operators.capabilities import Cut
from operators.contract import BadParameters
from operators.media import MediaInfo
from operators.timeline.trim import Trim
from tests.helpers.infos import audio, clip, sound_only, video


def trim(**params: Any) -> Trim:
    made, problems = Trim.read(params, "")
    assert made is not None, problems
    return made


def filters(operator: Trim, source: MediaInfo) -> list[str]:
    links = operator.compile([source], operator.infer([source]))
    return [",".join(map(str, link.filters)) for link in links]


def test_the_cut_falls_between_frames_and_sound_follows() -> None:
    assert filters(trim(start=1, end=3), clip()) == [
        "trim=start=0.986667:end=2.986667,setpts=expr=PTS-STARTPTS",
        "atrim=start=1:end=3,asetpts=expr=round(PTS-ceil(1*SR-0.001)/(SR*TB))",
    ]


def test_sound_is_cut_where_the_frame_begins() -> None:
    ntsc = clip(picture=video(rate="30000/1001"))
    assert (
        filters(trim(start=1, end=3), ntsc)[1]
        == "atrim=start=1.001:end=3.003,asetpts=expr=round(PTS-ceil(1.001*SR-0.001)/(SR*TB))"
    )
    assert trim(start=1, end=3).infer([ntsc]).duration_ms == 2002


def test_irregular_frames_keep_their_times_but_for_the_first() -> None:
    vfr = clip(picture=video(rate="10.5", is_vfr=True))
    video_filters, audio_filters = filters(trim(start=1, end=3), vfr)
    assert (
        video_filters
        == "trim=start=1:end=3,setpts=expr=if(N\\\\,round(PTS-1/TB)\\\\,0)".replace("\\\\,", "\\,")
    )
    assert audio_filters == "atrim=start=1:end=3,asetpts=expr=round(PTS-ceil(1*SR-0.001)/(SR*TB))"


def test_a_picture_that_begins_late_stays_late() -> None:
    late = clip(picture=video(start_ms=500))
    assert filters(trim(end=3), late)[0].endswith("setpts=expr=round(PTS-0/TB)")
    assert trim(end=3).infer([late]).video[0].start_ms == 500


def test_without_end_the_rest_is_kept() -> None:
    source = clip()
    result = trim(start=4).infer([source])
    assert (result.duration_ms, source.duration_ms) == (6000, 10_000)
    assert (result.video[0].duration_ms, result.audio[0].duration_ms) == (6000, 6000)


def test_an_end_past_the_input_is_the_inputs_end() -> None:
    assert trim(start=8, duration="1h").infer([clip()]).duration_ms == 2000


def test_sound_alone_is_cut_to_the_sample() -> None:
    assert filters(trim(start="0.1s", end="0.6s"), sound_only()) == [
        "atrim=start=0.1:end=0.6,asetpts=expr=round(PTS-ceil(0.1*SR-0.001)/(SR*TB))"
    ]


def test_every_track_of_sound_is_cut() -> None:
    assert len(filters(trim(end=1), clip(sound=3))) == 4


def test_a_position_just_behind_a_frame_means_that_frame() -> None:
    assert (
        filters(trim(start="0.367s"), clip())[1]
        == "atrim=start=0.366667,asetpts=expr=round(PTS-ceil(0.366667*SR-0.001)/(SR*TB))"
    )


@pytest.mark.parametrize(
    ("params", "pointers"),
    [
        ({"duration": 1, "end": 2}, ["/end"]),
        ({"start": 3, "end": 2}, ["/end"]),
        ({"start": 3, "end": 3}, ["/end"]),
        ({"start": -1}, ["/start"]),
        ({"duration": 0}, ["/duration"]),
        ({"mode": "fast", "begin": 1}, ["/begin", "/mode"]),
    ],
)
def test_wrong_parameters_are_named(params: dict[str, Any], pointers: list[str]) -> None:
    made, problems = Trim.read(params, "/operations/0/params")
    assert made is None
    assert [p.pointer.removeprefix("/operations/0/params") for p in problems] == pointers


def test_a_start_past_the_end_is_an_error_of_the_media() -> None:
    with pytest.raises(BadParameters, match="nothing is left"):
        trim(start=10).infer([clip()])


def test_where_the_length_is_a_guess_it_is_no_error() -> None:
    guess = MediaInfo(
        duration_ms=1000, duration_is_exact=False, audio=(audio(0, duration_ms=1000),), tags={}
    )
    assert trim(start=10).infer([guess]).duration_ms == 0


def test_equal_parameters_make_equal_work() -> None:
    assert trim(start=1, end="3s") == trim(start="1s", end=3.0)
    assert hash(trim(start=1)) == hash(trim(start=Fraction(1)))


def test_packets_are_copied_where_a_cut_at_keyframes_is_asked_for() -> None:
    fast = trim(start=1, end=3, mode="keyframe")
    assert fast.copied([clip()]) == Cut(start=Fraction(1), end=Fraction(3))
    assert trim(start=1, end=3).copied([clip()]) is None
    still = clip(sound=0, picture=video(frame_count=1))
    assert fast.copied([still]) is None
