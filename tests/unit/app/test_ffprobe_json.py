from dataclasses import replace
from fractions import Fraction
from typing import Any

from app.engine.ffprobe_json import PacketEnds, media_info


def document(**stream: Any) -> dict[str, Any]:
    video = {"index": 0, "codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080,
             "avg_frame_rate": "30/1", "r_frame_rate": "30/1", "pix_fmt": "yuv420p", "duration": "10.0"}  # fmt: skip
    sound = {
        "index": 1,
        "codec_type": "audio",
        "codec_name": "aac",
        "sample_rate": "48000",
        "channels": 2,
    }
    form = {
        "format_name": "mov,mp4",
        "duration": "10.000000",
        "bit_rate": "838860",
        "start_time": "0.0",
    }
    return {"format": form, "streams": [{**video, **stream}, sound]}


def test_numbers_arrive_as_text() -> None:
    info = media_info(document(), 1048576)
    assert (info.duration_ms, info.size_bytes, info.bitrate_bps) == (10_000, 1048576, 838860)
    assert (info.video[0].frame_rate, info.audio[0].sample_rate) == (30, 48000)


def test_a_display_matrix_turns_what_is_seen() -> None:
    info = media_info(document(side_data_list=[{"rotation": -90}]), 1).video[0]
    assert (info.rotation, info.width, info.display_width, info.display_height) == (
        90,
        1920,
        1080,
        1920,
    )
    assert media_info(document(side_data_list=[{"rotation": 90}]), 1).video[0].rotation == 270


def test_pixels_may_be_wide() -> None:
    info = media_info(document(width=352, height=288, sample_aspect_ratio="64:45"), 1).video[0]
    assert (info.sar, info.display_width) == (Fraction(64, 45), 501)
    assert media_info(document(sample_aspect_ratio="0:1"), 1).video[0].sar == 1


def test_irregular_frames_are_told_from_fields() -> None:
    assert media_info(document(avg_frame_rate="21/2", r_frame_rate="90000/1"), 1).video[0].is_vfr
    assert not media_info(document(avg_frame_rate="25/1", r_frame_rate="50/1"), 1).video[0].is_vfr
    assert (
        not media_info(document(avg_frame_rate="37200/1241", r_frame_rate="30000/1001"), 1)
        .video[0]
        .is_vfr
    )


def test_covers_are_apart_and_lies_are_survived() -> None:
    info = media_info(
        document(disposition={"attached_pic": 1}, duration="N/A", r_frame_rate="0/0"), 1
    )
    assert (info.video, len(info.attached_pictures)) == ((), 1)
    assert media_info({}, 0).duration_ms is None
    assert media_info(document(pix_fmt="yuv420p10le"), 1).video[0].bit_depth == 10


def test_a_length_may_be_a_tag() -> None:
    found = media_info(document(duration=None, tags={"DURATION": "00:00:03.417000000"}), 1)
    assert found.video[0].duration_ms == 3417


def test_matroska_without_stream_lengths_is_not_exact() -> None:
    doc = document()
    doc["format"]["format_name"] = "matroska,webm"
    assert not media_info(doc, 1).duration_is_exact
    assert media_info(document(), 1).duration_is_exact


def test_packets_tell_the_true_length() -> None:
    ends = PacketEnds()
    for line in (b"0,1.0,0.5\n", b"0,N/A,N/A\n", b"7,9.0,1\n", b"rubbish\n", b"0,0.5\n"):
        ends.feed(line)
    assert ends.lengths(media_info(document(), 1)) == {0: 1500}


def test_a_picture_begins_with_what_is_shown_first() -> None:
    """Packets come in the order of decoding: ffprobe takes the time of the first."""
    info = media_info(document(), 1)
    (video,) = info.video
    ends = PacketEnds()
    for line in (b"%d,0.12,0.04", b"%d,0.04,0.04", b"%d,0.08,0.04", b"%d,0.16,0.04"):
        ends.feed(line % video.index)
    late = replace(info, video=(replace(video, start_ms=120),))
    assert ends.starts(late)[video.index] == 40
    assert ends.lengths(late)[video.index] == 160
    assert ends.is_continuous


def test_a_clock_that_is_set_back_goes_on() -> None:
    info = media_info(document(), 1)
    (video,) = info.video
    ends = PacketEnds()
    for at in (0, 20, 40, 0, 20):
        ends.feed(b"%d,%d,20" % (video.index, at))
    assert ends.lengths(info)[video.index] == 100_000 - video.start_ms
    assert not ends.is_continuous
