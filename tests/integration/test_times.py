"""Sound and picture are where they were: lengths that files tell wrongly, joins, holes, orders.

Times are told by what is heard (the pitch of a tone that rises) and by which frame is seen.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.engine import probe
from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import Rendered, render
from tests.helpers.specs import job, joined, op

NEAR_S = 0.005
TONE = "0.3*sin(2*PI*(300+100*t)*t)"
# soft and loud parts differ in their bit rate: who guesses from the beginning guesses wrong
SOFT_FIRST = f"aevalsrc='if(lt(t,2),0.001*random(0),{TONE}+0.2*random(0))':s=44100:d=6"
LOUD_FIRST = f"aevalsrc='if(lt(t,2),0.9*random(0),{TONE})':s=44100:d=6"
GUESSED = {
    "vbr.mp3": ("-c:a", "libmp3lame", "-q:a", "0", "-write_xing", "0", "-id3v2_version", "0"),
    "vbr.aac": ("-c:a", "aac", "-q:a", "2"),
    "plain.mp3": ("-c:a", "libmp3lame"),
    "live.webm": ("-c:a", "libopus", "-live", "1"),
}  # fmt: skip


def wav(name: str = "o") -> dict[str, Any]:
    return {"destination": f"file:///out/{name}.wav", "codec": {"audio": {"codec": "pcm_s16le"}}}


def seconds(media: Media, path: Path, channels: int = 1) -> float:
    """Of a sound, by counting its samples."""
    rate = int(media.streams(path)[-1]["sample_rate"])
    return len(media.samples(path)) / channels / rate


@pytest.mark.parametrize("noise", [SOFT_FIRST, LOUD_FIRST], ids=["soft first", "loud first"])
@pytest.mark.parametrize("name", GUESSED)
def test_lengths_are_read_where_they_would_be_guessed(
    name: str, noise: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    guessed = media.made(name, "-f", "lavfi", "-i", noise, *GUESSED[name])
    true = seconds(media, guessed)
    info = probe.probe(str(guessed), binaries)
    assert info.duration_ms == pytest.approx(1000 * true, abs=60)

    tone = media.sound("next.wav", f"aevalsrc='{TONE}':s=48000:d=2")
    (path,) = render(joined("concat", [guessed, tone], wav()), tmp_path / "1", binaries).paths
    assert seconds(media, path) == pytest.approx(true + 2, abs=0.06)
    assert media.tone_time(path, at=true + 0.5) == pytest.approx(0.5, abs=0.07)

    faded = job(guessed, op("fade", "src", "f", type="out", duration="1s"), f=wav())
    (path,) = render(faded, tmp_path / "2", binaries).paths
    samples = media.samples(path)
    assert max(map(abs, samples[-2000:])) < max(map(abs, samples)) / 8


def movs(media: Media, codec: str, lengths: list[float], suffix: str = "mov") -> list[Path]:
    """Clips with sound of other lengths than the picture's two seconds."""
    return [
        media.made(
            f"join{n}.{suffix}",
            *("-f", "lavfi", "-i", f"testsrc2=size=96x64:rate=25:duration=2,hue=h={30 * n}"),
            *("-f", "lavfi", "-i", f"aevalsrc='{TONE}':s=48000:d={length}"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p"),
            *("-c:a", codec, "-b:a", "128k"),
        )
        for n, length in enumerate(lengths)
    ]


LENGTHS = {
    "longer": [2.08] * 4,
    "shorter": [1.92] * 4,
    "mixed": [2.02, 1.98, 1.5, 2.09],
    "equal": [2] * 4,
}


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(
    ("codec", "suffix"), [("pcm_s16le", "mov"), ("aac", "mp4"), ("flac", "mkv")]
)
def test_sound_begins_with_its_picture_after_each_join(
    codec: str, suffix: str, lengths: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    clips = movs(media, codec, LENGTHS[lengths], suffix)
    destination = {"destination": f"file:///out/o.{suffix}"}
    (path,) = render(joined("concat", clips, destination), tmp_path, binaries).paths
    assert media.frame_hashes(path) == [h for clip in clips for h in media.frame_hashes(clip)]
    for n in range(len(clips)):
        assert media.tone_time(path, at=2 * n + 0.5) == pytest.approx(0.5, abs=NEAR_S), n
    kept = next(s for s in media.streams(path) if s["codec_type"] == "audio")["codec_name"]
    assert kept == codec  # what was lossless stays so
    # a tone of 1.5 s has ended, one of 1.92 s ends in silence
    if lengths == "mixed":
        assert max(map(abs, media.samples(path)[48000 * 5 + 30000 : 48000 * 6 - 4800])) < 50


def test_a_picture_is_copied_beside_sound_that_is_missing_in_one_input(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    first, last = movs(media, "aac", [2, 2], "mp4")
    mute = media.made("mute.mp4", "-i", str(first), "-an", "-c", "copy", source=first)
    clips = [first, mute, last]
    done = render(joined("concat", clips, {"destination": "file:///out/o.mp4"}), tmp_path, binaries)
    (path,) = done.paths
    assert media.frame_hashes(path) == [h for clip in clips for h in media.frame_hashes(clip)]
    samples = media.samples(path)
    assert max(map(abs, samples[48000 * 2 + 4800 : 48000 * 4 - 4800])) < 50
    assert media.tone_time(path, at=4.5) == pytest.approx(0.5, abs=NEAR_S)


@pytest.mark.parametrize("unlike", ["time base", "order of streams", "frames that are not shown"])
def test_what_cannot_follow_as_it_is_is_encoded(
    unlike: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    first, other = movs(media, "pcm_s16le", [2, 2])
    words = {
        "time base": ("-map", "0", "-c", "copy", "-video_track_timescale", "30000"),
        "order of streams": ("-map", "0:a", "-map", "0:v", "-c", "copy"),
        "frames that are not shown": ("-map", "0", "-c", "copy"),
    }[unlike]
    seek = ("-ss", "0.6") if unlike == "frames that are not shown" else ()
    changed = media.made("changed.mov", *seek, "-i", str(other), *words, source=other)
    done = render(
        joined("concat", [changed, first], {"destination": "file:///out/o.mov"}), tmp_path, binaries
    )
    (path,) = done.paths
    counts = [len(media.frame_hashes(clip)) for clip in (changed, first)]
    times = media.timestamps(path)
    assert len(media.frame_hashes(path)) == sum(counts)
    assert all(b - a == pytest.approx(0.04, abs=0.001) for a, b in pairwise(times))
    begin = counts[0] / 25
    assert media.tone_time(path, at=begin + 0.5) == pytest.approx(0.5, abs=NEAR_S)


HOLES = [
    ("aac", "ts"),
    ("aac", "mkv"),
    ("aac", "mp4"),
    ("mp2", "ts"),
    ("pcm_s16le", "mkv"),
    ("flac", "mkv"),
]


@pytest.mark.parametrize("target", ["wav", "mp3", "flac", "m4a", "mkv"])
@pytest.mark.parametrize(("codec", "suffix"), HOLES)
def test_missing_sound_is_silence(
    codec: str, suffix: str, target: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Two seconds of packets are lost: what follows stays where it was."""
    whole = media.clip(f"whole.{suffix}", seconds=6, size="96x64", extra=("-c:a", codec))
    lost = ("-bsf:a", "noise=drop='gte(pts*tb,2)*lt(pts*tb,4)'")
    holed = media.made(f"holed.{suffix}", "-i", str(whole), "-c", "copy", *lost, source=whole)
    spec = job(holed, **{"src:a": {"destination": f"file:///out/o.{target}"}})
    (path,) = render(spec, tmp_path, binaries).paths
    plain = media.made(
        "plain.wav", "-i", str(path), "-af", "aresample=async=1:first_pts=0", source=path
    )
    assert media.tone_time(plain, at=5) == pytest.approx(5, abs=0.05)  # two frames of sound
    assert seconds(media, plain) == pytest.approx(6, abs=0.06)


@pytest.mark.parametrize("name", ["h264.avi", "mpeg4.avi", "h264.flv", "mpeg4.mkv"])
@pytest.mark.parametrize("target", ["mp4", "mkv"])
def test_frames_are_shown_in_order_whatever_the_source_tells_of_it(
    name: str, target: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """AVI stores packets in the order of decoding, without the times at which they are shown."""
    codec = ("-c:v", "libx264" if name.startswith("h264") else "mpeg4", "-bf", "2", "-q:v", "3")
    source = media.clip(name, seconds=2, fps="25", size="96x64", has_audio=False, extra=codec)
    done = render(job(source, src={"destination": f"file:///out/o.{target}"}), tmp_path, binaries)
    (path,) = done.paths
    times = media.timestamps(path)
    assert len(times) == 50
    assert all(b - a == pytest.approx(0.04, abs=0.002) for a, b in pairwise(times))
    numbers = [nearest(media, source, path, n) for n in (0, 1, 2, 7, 25, 48)]
    assert numbers == [0, 1, 2, 7, 25, 48]


def nearest(media: Media, source: Path, made: Path, number: int) -> int:
    """Which frame of the source a frame of what was made shows."""
    wanted = grey(media, made)[number]
    differences = [
        sum(abs(a - b) for a, b in zip(frame, wanted, strict=True)) for frame in grey(media, source)
    ]
    return differences.index(min(differences))


def grey(media: Media, path: Path) -> list[bytes]:
    raw = media.raw(path, "gray", "scale=48:32")
    return [raw[at : at + 48 * 32] for at in range(0, len(raw), 48 * 32)]


def test_a_copied_cut_is_made_only_where_times_can_be_found(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.made("vbr.mp3", "-f", "lavfi", "-i", LOUD_FIRST, *GUESSED["vbr.mp3"])
    cut = op("trim", "src", "cut", start=4, mode="keyframe")
    done: Rendered = render(job(source, cut, cut=wav()), tmp_path, binaries)
    assert media.tone_time(done.paths[0], at=0.5) == pytest.approx(4.5, abs=0.06)


@pytest.mark.parametrize("codec", ["libopus", "aac"])
@pytest.mark.parametrize("suffix", ["ogg", "opus", "mp3", "wav"])
def test_sound_that_begins_late_comes_after_silence_where_nothing_else_is(
    suffix: str, codec: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    late = media.made(
        f"late_{codec}.mkv",
        *("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=3"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"),
        *(
            "-filter:a",
            "asetpts=PTS+0.7/TB",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-c:a",
            codec,
        ),
    )
    spec = job(late, **{"src:a": {"destination": f"file:///out/o.{suffix}"}})
    done = render(spec, tmp_path, binaries)  # as long as planned, or it is refused
    (sound,) = done.found[0].audio
    assert sound.duration_ms == pytest.approx(2700, abs=60)


def test_opus_of_a_low_rate_is_as_planned(media: Media, binaries: Tools, tmp_path: Path) -> None:
    call = media.sound("call.wav", f"aevalsrc='{TONE}':s=8000:d=2")
    (path,) = render(job(call, src={"destination": "file:///out/o.opus"}), tmp_path, binaries).paths
    assert seconds(media, path) == pytest.approx(2, abs=0.03)
