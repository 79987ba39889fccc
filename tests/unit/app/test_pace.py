from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.engine.pace import Paces, check
from app.engine.verify import verify
from app.errors import Failure
from tests.helpers.infos import audio, clip, video

PLANNED = clip(picture=video(rate="25"))


def lines(index: int, packets: Sequence[tuple[object, object, object]]) -> list[bytes]:
    """As ffprobe writes them: presentation time, decoding time, length."""
    return [f"{index},{shown},{decoded},{length}\n".encode() for shown, decoded, length in packets]


def picture(frames: int = 250) -> list[bytes]:
    return lines(0, [(n / 25, n / 25, 0.04) for n in range(frames)])


def sound(moments: Sequence[float]) -> list[bytes]:
    return lines(1, [(at, at, 0.02) for at in moments])


ALL = [n / 50 for n in range(500)]


def doubts(*given: list[bytes]) -> list[str]:
    paces = Paces()
    for told in given:
        for line in told:
            paces.feed(line)
    return check(PLANNED, PLANNED, paces.by_index)


def test_what_is_complete_is_not_doubted() -> None:
    assert not doubts(picture(), sound(ALL))
    assert not doubts(picture(248), sound(ALL))


@pytest.mark.parametrize("frames", [225, 500])
def test_other_than_so_many_frames_are_doubtful(frames: int) -> None:
    assert doubts(picture(frames), sound(ALL)) == [
        f"it has {frames} frames where 250 were expected"
    ]


def test_holes_in_sound_are_doubtful() -> None:
    assert doubts(picture(), sound([at for at in ALL if not 3 <= at < 5])) == [
        "2.00 s of its sound are missing in between"
    ]


def test_times_in_whole_milliseconds_leave_no_holes() -> None:
    told = [(round(n * 1024 / 48, 0) / 1000, "N/A", 0.021) for n in range(468)]
    assert not doubts(picture(), lines(1, told))


def test_packets_that_do_not_say_how_long_they_last_leave_no_holes() -> None:
    assert not doubts(picture(), lines(1, [(at, at, "N/A") for at in ALL[::10]]))


def test_a_length_that_was_guessed_asks_for_nothing() -> None:
    paces = Paces()
    for line in [*picture(10), *sound([0.0])]:
        paces.feed(line)
    assert not check(replace(PLANNED, duration_is_exact=False), PLANNED, paces.by_index)


def test_pictures_without_a_rate_are_not_counted() -> None:
    paces = Paces()
    for line in [*picture(10), *sound(ALL)]:
        paces.feed(line)
    irregular = clip(picture=video(rate="25", is_vfr=True))
    assert not check(irregular, irregular, paces.by_index)


def test_an_empty_stream_is_refused() -> None:
    with pytest.raises(Failure, match="its sound is empty"):
        doubts(picture())


def test_times_that_go_back_are_refused() -> None:
    late = lines(0, [(n / 25, n / 25 if n % 5 else n / 25 - 0.2, 0.04) for n in range(250)])
    with pytest.raises(Failure, match="the times of its picture go back"):
        doubts(late, sound(ALL))


def test_lines_that_say_nothing_are_passed_over() -> None:
    assert not doubts(picture(), [*sound(ALL), b"\n", b"side,1\n"])


def test_sound_that_was_cut_within_a_hole_begins_late_and_ends_on_time() -> None:
    late = replace(PLANNED, audio=(audio(start_ms=300, duration_ms=9_700),))
    paces = Paces()
    for line in (*picture(), *sound([at for at in ALL if at >= 0.3])):
        paces.feed(line)
    verify(PLANNED, late)
    assert check(PLANNED, late, paces.by_index) == [
        "its sound begins 0.30 s late, where the input has none"
    ]
    with pytest.raises(Failure, match="a stream of it lasts 9700 ms"):
        verify(PLANNED, replace(late, audio=(audio(duration_ms=9_700),)))
    with pytest.raises(Failure, match="begin 300 ms further"):
        verify(PLANNED, replace(late, audio=(audio(start_ms=300),)))
