"""fps, concat, xfade, combine and fade on real FFmpeg: frames counted and compared, sound in step."""

from fractions import Fraction
from math import floor, pi, sin
from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import Rendered, render
from tests.helpers.specs import job, joined, lossless, op

RATES = ("24000/1001", "25", "30000/1001", "30", "50", "60")


def clip(media: Media, rate: str, **more: Any) -> Path:
    name = f"{'-'.join(map(str, more.values()))}-{rate.replace('/', '_')}.mp4"
    return media.clip(name, fps=rate, **more)


def out(name: str = "o.mp4") -> dict[str, Any]:
    return {"destination": f"file:///out/{name}"}


def check_sound(media: Media, path: Path, at: float, recorded: float) -> None:
    """What is heard at a time was recorded at that time, within 20 ms."""
    assert abs(media.tone_time(path, at) - recorded) < 0.02


@pytest.mark.parametrize("target", ["25", "30000/1001", "60"])
@pytest.mark.parametrize("rate", RATES)
def test_fps_takes_the_frame_that_is_nearest(
    rate: str, target: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = clip(media, rate, seconds=2)
    done = render(
        job(source, op("fps", "src", "f", fps=target), f=lossless("o.mkv")), tmp_path, binaries
    )
    every, ratio = media.frame_hashes(source), Fraction(target) / Fraction(rate)
    # a source frame n moves to the nearest place of the new grid; the last one there stays until the next
    places = [floor(n * ratio + Fraction(1, 2)) for n in range(len(every))]
    count = floor(len(every) * ratio + Fraction(1, 2))
    wanted = [every[max(n for n, place in enumerate(places) if place <= k)] for k in range(count)]
    assert media.frame_hashes(done.paths[0]) == wanted
    check_sound(media, done.paths[0], 1, 1)


@pytest.mark.parametrize("rate", RATES)
def test_concat_has_all_frames_and_its_sound_in_step(
    rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [
        clip(media, rate, seconds=2),
        clip(media, rate, seconds=1.5),
        clip(media, rate, seconds=2),
    ]
    spec = joined("concat", sources, lossless("o.mkv"), mode="reencode")
    (path,) = render(spec, tmp_path, binaries).paths
    wanted = [frame for source in sources for frame in media.frame_hashes(source)]
    assert media.frame_hashes(path) == wanted
    first, second = (len(media.frame_hashes(s)) / float(Fraction(rate)) for s in sources[:2])
    check_sound(media, path, first + 0.5, 0.5)
    check_sound(media, path, first + second + 0.5, 0.5)


@pytest.mark.parametrize("rate", RATES)
def test_xfade_overlaps_by_whole_frames(
    rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [clip(media, rate, seconds=2), clip(media, rate, seconds=1.5)]
    spec = joined("xfade", sources, lossless("o.mkv"), duration=0.5)
    (path,) = render(spec, tmp_path, binaries).paths
    a, b = (media.frame_hashes(source) for source in sources)
    found, overlap = media.frame_hashes(path), round(Fraction(rate) / 2)
    assert len(found) == len(a) + len(b) - overlap
    assert found[: len(a) - overlap] == a[: len(a) - overlap]
    assert found[len(a) :] == b[overlap:]
    shift = (len(a) - overlap) / float(Fraction(rate))
    check_sound(media, path, 0.5, 0.5)
    check_sound(media, path, shift + 0.8, 0.8)


@pytest.mark.parametrize("rate", RATES)
def test_sound_stays_in_step_over_five_operations(
    rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = clip(media, rate, seconds=4)
    operations = [
        op("trim", "src", "cut", start=0.31),
        {"op": "concat", "inputs": ["cut", "src"], "output": "two", "params": {"mode": "reencode"}},
        {"op": "xfade", "inputs": ["two", "src"], "output": "three", "params": {"duration": 0.4}},
        op("fps", "three", "slow", fps=20),
        op("trim", "slow", "end", start=7),
    ]
    (path,) = render(job(source, *operations, end=lossless("o.mkv")), tmp_path, binaries).paths
    frame = 1 / float(Fraction(rate))
    cut_frames = sum(n * frame >= 0.31 - 1e-9 for n in range(len(media.frame_hashes(source))))
    total = cut_frames + len(media.frame_hashes(source)) - round(Fraction("0.4") * Fraction(rate))
    # in the middle of the last copy of the source
    heard = media.tone_time(path, 2)
    seen = 7 + 2 - total * frame
    assert abs(heard - seen) < 0.02 + frame / 2


@pytest.mark.parametrize("rate", RATES)
def test_concat_copies_pictures_that_are_alike_and_joins_sound_exactly(
    rate: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [clip(media, rate, seconds=seconds) for seconds in (2, 1.5, 2)]
    done = render(joined("concat", sources, out()), tmp_path, binaries)
    (step,) = done.plan.steps
    assert "-c:v:0 copy" in " ".join(step.argv)
    assert "the pictures are alike and copied" in step.reason
    wanted = [frame for source in sources for frame in media.frame_hashes(source)]
    assert media.frame_hashes(done.paths[0]) == wanted
    starts = [len(media.frame_hashes(source)) / float(Fraction(rate)) for source in sources]
    check_sound(media, done.paths[0], starts[0] + 0.5, 0.5)
    check_sound(media, done.paths[0], starts[0] + starts[1] + 0.5, 0.5)
    times = media.timestamps(done.paths[0])
    frame = 1 / Fraction(rate)
    assert all(abs(time - n * frame) < frame / 10 for n, time in enumerate(times))


def test_concat_copies_everything_when_asked(media: Media, binaries: Tools, tmp_path: Path) -> None:
    sources = [clip(media, "30", seconds=2), clip(media, "30", seconds=1)]
    done = render(joined("concat", sources, out(), mode="copy"), tmp_path, binaries)
    (step,) = done.plan.steps
    assert step.filtergraph is None
    assert list(step.argv).count("copy") == 2
    assert "mode" in done.plan.warnings[0].pointer
    assert len(media.frame_hashes(done.paths[0])) == 90


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"size": "640x360"}, "width 640 instead of 320"),
        ({"fps": "25"}, "nominal frame rate 25 instead of 30"),
        ({"extra": ("-profile:v", "high", "-preset", "medium")}, "instead of"),
    ],
)
def test_concat_encodes_what_differs_and_says_why(
    other: dict[str, Any], reason: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [
        media.clip("like.mp4", seconds=1),
        media.clip("unlike.mkv".replace("mkv", "mp4"), seconds=1, **other),
    ]
    try:
        done = render(joined("concat", sources, out()), tmp_path, binaries)
    finally:
        sources[1].unlink()
    (step,) = done.plan.steps
    assert "concat encodes anew: input 1" in step.reason
    assert reason in step.reason
    video = done.found[0].video[0]
    assert (video.width, video.height) == (320, 240)
    assert abs((done.found[0].duration_ms or 0) - 2000) <= 34
    assert len(media.frame_hashes(done.paths[0])) == 60
    assert len(done.found[0].audio) == 1


def test_concat_fills_in_missing_sound_and_missing_pictures(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    tone = tmp_path / "tone.wav"
    media.ffmpeg("-f", "lavfi", "-i", "sine=d=1", str(tone))
    sources = [
        media.clip("mute.mp4", seconds=1, has_audio=False),
        tone,
        media.clip("s1.mp4", seconds=1),
    ]
    done = render(joined("concat", sources, lossless("o.mkv")), tmp_path, binaries)
    frames = media.frame_hashes(done.paths[0])
    assert len(frames) == 90
    assert len(set(frames[30:60])) == 1  # black
    assert frames[:30] == media.frame_hashes(sources[0])
    check_sound(media, done.paths[0], 2.3, 0.3)


def test_a_still_becomes_a_clip_of_the_length_that_its_input_gives(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = joined("concat", [media.clip("s1.mp4", seconds=1), corpus / "watermark.png"], out())
    spec["inputs"][1]["duration"] = "2s"
    done = render(spec, tmp_path, binaries)
    assert len(media.frame_hashes(done.paths[0])) == 90


def test_combine_copies_both_streams(media: Media, binaries: Tools, tmp_path: Path) -> None:
    sources = [clip(media, "30", seconds=2), clip(media, "25", seconds=2)]
    done = render(joined("combine", sources, out()), tmp_path, binaries)
    assert done.plan.steps[0].filtergraph is None
    assert list(done.plan.steps[0].argv).count("copy") == 2
    assert media.frame_hashes(done.paths[0]) == media.frame_hashes(sources[0])


def test_combine_shows_a_still_for_as_long_as_the_sound(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [corpus / "watermark.png", media.clip("s1.mp4", seconds=1)]
    done = render(joined("combine", sources, out()), tmp_path, binaries)
    assert len(media.frame_hashes(done.paths[0])) == 25


def test_combine_ends_with_the_shortest_when_asked(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    sources = [clip(media, "30", seconds=2), clip(media, "30", seconds=1)]
    done = render(joined("combine", sources, out(), duration="shortest"), tmp_path, binaries)
    assert len(media.frame_hashes(done.paths[0])) == 30


def luma(media: Media, path: Path) -> list[float]:
    """The mean brightness of every frame."""
    said = media.ffmpeg(
        "-i", str(path), "-vf", "signalstats,metadata=print:key=lavfi.signalstats.YAVG", "-f", "null", "-"
    )  # fmt: skip
    return [float(line.rpartition("=")[2]) for line in said.splitlines() if "YAVG=" in line]


def test_fade_out_without_start_ends_at_the_end(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = clip(media, "30", seconds=2)
    done: Rendered = render(
        job(source, op("fade", "src", "f", type="out", duration=1), f=lossless("o.mkv")),
        tmp_path,
        binaries,
    )
    before, after = luma(media, source), luma(media, done.paths[0])
    assert after[:30] == before[:30]
    assert after[-1] < 22  # black is 16
    assert sorted(after[30:], reverse=True) == after[30:]


def test_both_sounds_are_heard_throughout_a_crossfade(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """The first is read to its end before anything of the second is wanted."""
    tone, rate = "0.4*sin(2*PI*(300+100*t)*t)", 48000
    clips = [
        media.made(
            f"cross{seconds}.mov", "-f", "lavfi", "-i", f"testsrc2=size=64x48:rate={fps}:duration={seconds}",
            "-f", "lavfi", "-i", f"aevalsrc='{tone}':s={rate}:d={seconds}", "-g", "10", "-c:a", "pcm_s16le",
        )
        for seconds, fps in ((4, "15"), (1.2, "30000/1001"))
    ]  # fmt: skip
    spec = joined("xfade", clips, lossless("o.mkv"), duration=0.2)
    cross = {**spec["operations"][0], "inputs": ["slow", "turned"]}
    before = op("rotate", "i1", "turned", angle=180), op("fps", "i0", "slow", fps=10)
    spec["operations"] = [*before, cross]
    samples = media.samples(render(spec, tmp_path, binaries).paths[0])

    def heard(n: int) -> float:
        t = n / rate
        return 0.4 * 32768 * sin(2 * pi * (300 + 100 * t) * t)

    begin, both = round(3.8 * rate), round(0.2 * rate)
    for n in range(0, both, 97):
        share = n / both
        wanted = heard(begin + n) * (1 - share) + heard(n) * share
        assert samples[begin + n] == pytest.approx(wanted, abs=4), n
