"""trim and scale on real FFmpeg, measured: frames, timestamps, sizes, sound against picture."""

from fractions import Fraction
from pathlib import Path

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, op

RATES = ("24000/1001", "25", "30000/1001", "30", "50", "60")
LOSSLESS = {"video": {"codec": "ffv1"}, "audio": {"codec": "flac"}}


def lossless(path: str) -> dict[str, object]:
    return {"destination": f"file:///out/{path}", "codec": LOSSLESS}


@pytest.mark.parametrize("rate", RATES)
def test_trim_keeps_exactly_the_frames_that_begin_inside(
    rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip(f"rate-{rate.replace('/', '_')}.mp4", fps=rate)
    done = render(
        job(source, op("trim", "src", "cut", start=1, end=3), cut=lossless("cut.mkv")),
        tmp_path,
        binaries,
    )
    every = media.frame_hashes(source)
    step = 1 / Fraction(rate)
    wanted = [frame for n, frame in enumerate(every) if 1 <= n * step < 3]
    assert media.frame_hashes(done.paths[0]) == wanted
    assert media.timestamps(done.paths[0])[0] == 0


@pytest.mark.parametrize("rate", RATES)
def test_sound_and_picture_stay_together_over_five_cuts(
    rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip(f"rate-{rate.replace('/', '_')}.mp4", fps=rate)
    cuts = [
        op("trim", f"c{n}" if n else "src", f"c{n + 1}", start=0.31, duration=3 - n * 0.5)
        for n in range(5)
    ]
    done = render(job(source, *cuts, c5=lossless("cut.mkv")), tmp_path, binaries)
    # the tone's pitch and the picture both tell the time at which they were recorded
    first = media.frame_hashes(source).index(media.frame_hashes(done.paths[0])[0])
    seen_at = first / Fraction(rate)
    heard_at = media.tone_time(done.paths[0])
    assert abs(float(seen_at) - heard_at) < 0.02


def test_trim_by_the_main_numbers(media: Media, binaries: Tools, tmp_path: Path) -> None:
    done = render(
        job(
            media.clip(),
            op("trim", "src", "cut", start=1.0, end=3.0),
            cut={"destination": "file:///out/o.mp4"},
        ),
        tmp_path,
        binaries,
    )
    (path,) = done.paths
    assert len(media.frame_hashes(path)) == 60
    assert media.timestamps(path)[0] == 0
    assert abs(media.decoded_seconds(path, "a") - 2) <= Fraction(1, 30)
    assert abs(done.found[0].duration_ms - 2000) <= 34  # type: ignore[operator]


def test_a_cut_between_frames_takes_the_next_one(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    done = render(
        job(media.clip(), op("trim", "src", "cut", start=1.02, end=1.52), cut=lossless("o.mkv")),
        tmp_path,
        binaries,
    )
    assert media.frame_hashes(done.paths[0]) == media.frame_hashes(media.clip())[31:46]


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"width": 640}, (640, 480)),
        ({"height": 121}, (162, 121)),
        ({"width": 100, "height": 100}, (100, 100)),
        ({"width": 200, "height": 100, "fit": "contain"}, (200, 100)),
        ({"width": 200, "height": 100, "fit": "cover"}, (200, 100)),
        ({"width": 98, "height": 200, "fit": "contain"}, (98, 200)),
        ({"width": 98, "height": 200, "fit": "cover", "algorithm": "lanczos"}, (98, 200)),
    ],
)
def test_scale_makes_the_size_that_it_says(
    params: dict[str, object], size: tuple[int, int], media: Media, binaries: Tools, tmp_path: Path
) -> None:
    done = render(
        job(media.clip(), op("scale", "src", "s", **params), s=lossless("o.mkv")),
        tmp_path,
        binaries,
    )
    video = done.found[0].video[0]
    assert (video.width, video.height, video.sar) == (*size, 1)
    assert len(done.found[0].audio) == 1


def test_contain_shows_all_of_the_picture_and_cover_fills_the_frame(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(
        media.clip(),
        op("scale", "src", "a", width=320, height=320, fit="contain"),
        op("scale", "src", "b", width=240, height=240, fit="cover"),
        a=lossless("a.mkv"),
        b=lossless("b.mkv"),
    )
    contained, covered = render(spec, tmp_path, binaries).paths
    original = media.frame_hashes(media.clip(), "format=yuv420p")
    assert media.frame_hashes(contained, "crop=320:240:0:40", "format=yuv420p") == original
    cut = media.frame_hashes(media.clip(), "crop=240:240:40:0", "format=yuv420p")
    assert media.frame_hashes(covered, "format=yuv420p") == cut


def test_an_odd_size_is_cut_to_even_for_the_encoder_and_said(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(
        media.clip(),
        op("scale", "src", "s", width=161, height=91),
        s={"destination": "file:///out/o.mp4"},
    )
    done = render(spec, tmp_path, binaries)
    assert (done.found[0].video[0].width, done.found[0].video[0].height) == (160, 90)
    assert "161x91 becomes 160x90" in done.plan.warnings[0].message


def test_tracks_are_chosen_by_reference(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = corpus / "mkv_2audio_8subs.mkv"
    spec = job(source)
    spec["outputs"] = [
        {"id": reference, "destination": f"file:///out/o{n}.mkv"}
        for n, reference in enumerate(("src", "src:v", "src:a", "src:a:1"))
    ]
    done = render(spec, tmp_path, binaries)
    kinds = [[s["codec_type"] for s in media.streams(path)] for path in done.paths]
    assert kinds == [["video", "audio", "audio"], ["video"], ["audio", "audio"], ["audio"]]
    assert done.found[3].audio[0].sample_rate == 22050


def test_irregular_frames_are_all_kept_where_they_were(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    for name in ("awesome'movie.mov", "phone_vfr_10fps_rot180.mp4"):
        codec = {"video": {"codec": "h264", "preset": "ultrafast"}}
        spec = job(corpus / name, src={"destination": "file:///out/o.mp4", "codec": codec})
        (path,) = render(spec, tmp_path, binaries).paths
        before, after = (media.timestamps(file) for file in (corpus / name, path))
        assert len(before) == len(after)
        assert all(abs(a - b) < Fraction(1, 1000) for a, b in zip(before, after, strict=True))


def test_a_picture_that_begins_late_does_not_move_the_cut(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    late = media.folder / "late.mkv"
    clip = str(media.clip())
    media.ffmpeg(
        "-i",
        clip,
        "-itsoffset",
        "0.7",
        "-i",
        clip,
        "-map",
        "1:v",
        "-map",
        "0:a",
        "-c",
        "copy",
        str(late),
    )
    spec = job(late, op("trim", "src", "cut", start=0.2, end=1.2), cut=lossless("o.mkv"))
    done = render(spec, tmp_path, binaries)
    assert abs((done.found[0].duration_ms or 0) - 1000) < 40
    assert media.frame_hashes(done.paths[0]) == media.frame_hashes(media.clip())[:15]
    sound = render(job(late, src={"destination": "file:///out/o.wav"}), tmp_path, binaries)
    assert abs((sound.found[0].duration_ms or 0) - 4000) < 60


def test_mp3_files_are_taken_with_their_delay_and_padding(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    for end in (0.5, 1.234, 2.8, 4):
        spec = job(
            media.clip(),
            op("trim", "src", "cut", end=end),
            cut={"destination": "file:///out/o.mp3"},
        )
        render(spec, tmp_path, binaries)
