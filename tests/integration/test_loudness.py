"""loudnorm, volume and mix on real FFmpeg, measured by ebur128."""

from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, joined, op

# sources from the corpus, and programme that FFmpeg makes
REAL = (
    "h264_aac_720p_42s.mp4", "bbb_720p_aac51.mp4", "awesome'movie.mov", "amr_mpeg4.3gp",
    "mkv_2audio_8subs.mkv",
)  # fmt: skip
MADE = {
    "clipped": "sine=f=440:d=8:r=48000,volume=30dB,alimiter=limit=1",
    "pink": "anoisesrc=d=10:c=pink:a=0.5:r=44100:seed=1",
    "steps": "aevalsrc='0.05*sin(2*PI*220*t)*(1+9*gt(mod(t\\,4)\\,2))':d=16:s=48000",
    "peaks": "aevalsrc='0.02*sin(2*PI*300*t)+0.9*exp(-200*mod(t\\,1))*sin(2*PI*900*t)':d=12:s=48000",
    "chords": "aevalsrc='0.1*(sin(523*PI*t)+sin(659*PI*t)+sin(784*PI*t))*(1-0.5*mod(t\\,1))':d=9:s=44100",
    "quiet": "anoisesrc=d=6:c=brown:a=0.002:r=32000:seed=2",
    "surround": "aevalsrc='0.1*sin(300*t)|0.1*sin(400*t)|0.2*sin(500*t)|0.05*sin(60*t)|0.1*sin(700*t)|0.1*sin(800*t)':c=5.1:d=6:s=48000",
}


@pytest.fixture
def source(request: pytest.FixtureRequest, corpus: Path, media: Media) -> Path:
    name = str(request.param)
    if name not in MADE:
        return corpus / name
    path = media.folder / f"{name}.wav"
    if not path.exists():
        media.ffmpeg("-f", "lavfi", "-i", MADE[name], "-c:a", "pcm_s24le", str(path))
    return path


def flac(name: str = "o.mka") -> dict[str, Any]:
    return {
        "destination": f"file:///out/{name.replace('.mka', '.mkv')}",
        "codec": {"video": "none", "audio": {"codec": "flac"}},
    }


@pytest.mark.parametrize("target", [(-16, -1.5), (-23, -1)])
@pytest.mark.parametrize("source", [*REAL, *MADE], indirect=True)
def test_programmes_come_out_as_loud_as_asked(
    source: Path, target: tuple[float, float], media: Media, binaries: Tools, tmp_path: Path
) -> None:
    if source.name == "amr_mpeg4.3gp" and binaries.version.startswith("5.1"):
        pytest.skip("FFmpeg 5.1 decodes a fifth of this file's sound")
    lufs, peak = target
    spec = job(source, op("loudnorm", "src", "n", target_lufs=lufs, target_tp=peak), n=flac())
    if source.name == "mkv_2audio_8subs.mkv":
        spec["operations"][0]["params"]["target_lra"] = 50
    done = render(spec, tmp_path, binaries)
    for number, track in enumerate(done.found[0].audio):
        before = done.plan.nodes[0].media_info.audio[number]
        found = media.loudness(done.paths[0], number)
        assert abs(found.integrated - lufs) <= 0.5
        assert found.true_peak <= peak
        assert (track.sample_rate, track.channels) == (before.sample_rate, before.channels)


def test_a_lossy_file_keeps_the_loudness_and_the_ceiling(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(
        corpus / "h264_aac_720p_42s.mp4",
        op("loudnorm", "src", "n", target_lufs=-14, target_tp=-1),
        n={"destination": "file:///out/o.m4a"},
    )
    done = render(spec, tmp_path, binaries)
    found = media.loudness(done.paths[0])
    assert abs(found.integrated + 14) <= 0.5
    assert found.true_peak <= -0.5  # the encoder moves peaks


def test_what_is_measured_is_what_arrives_there(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """The first pass runs the whole chain upstream: another operation's changes are measured too."""
    tone = media.folder / "two-levels.wav"
    graph = "aevalsrc='if(lt(t,10),0.02,0.5)*sin(2*PI*440*t)':d=20:s=48000"
    media.ffmpeg("-f", "lavfi", "-i", graph, str(tone))
    spec = job(
        tone, op("trim", "src", "cut", end=9), op("volume", "cut", "v", gain_db=-7),
        op("loudnorm", "v", "n", target_lufs=-20), op("volume", "n", "w", gain_db=-10),
        op("loudnorm", "w", "m", target_lufs=-24), m=flac(),
    )  # fmt: skip
    done = render(spec, tmp_path, binaries)
    assert [getattr(step, "measures", None) for step in done.plan.steps] == [
        "op_2_loudnorm",
        "op_4_loudnorm",
        None,
    ]
    assert done.plan.steps[1].depends_on == ("s1",)
    assert abs(media.loudness(done.paths[0]).integrated + 24) <= 0.5


def test_silence_is_passed_through_with_a_warning(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = job(corpus / "silent_black_10s.mp4", op("loudnorm", "src", "n"), n=flac())
    done = render(spec, tmp_path, binaries)
    assert done.warnings == ["the sound is silent; it is passed through unchanged"]
    assert media.loudness(done.paths[0]).integrated == -70


@pytest.mark.parametrize("seconds", [0.03, 0.2, 0.39, 0.5, 1.5, 2.9])
def test_clips_of_any_length_come_out_as_loud_as_asked(
    seconds: float, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    tone = f"sine=f=997:d={seconds}:r=48000,volume=-20dB,aformat=channel_layouts=stereo"
    source = media.made("short.wav", "-f", "lavfi", "-i", tone)
    done = render(job(source, op("loudnorm", "src", "n"), n=flac()), tmp_path, binaries)
    again = tmp_path / "again.wav"  # what is shorter than a block has no loudness of its own
    media.ffmpeg("-stream_loop", "200", "-i", str(done.paths[0]), "-t", "4", str(again))
    assert abs(media.loudness(again).integrated + 16) <= 0.5
    assert abs((done.found[0].duration_ms or 0) - 1000 * seconds) < 5


LOUD = {
    "square": ("aevalsrc='0.99*sgn(sin(2*PI*997*t))|0.99*sgn(sin(2*PI*997*t))':s=48000:d=6", "pcm_s16le"),
    "float above full scale": ("aevalsrc='1.9*sin(2*PI*440*t)|1.9*sin(2*PI*440*t)':s=48000:d=6", "pcm_f32le"),
    "noise far above full scale": ("anoisesrc=a=1:d=6:c=white:seed=3:r=48000,volume=18dB", "pcm_f32le"),
}  # fmt: skip


@pytest.mark.parametrize("target", [-5, -16, -31])
@pytest.mark.parametrize("name", LOUD)
def test_sound_louder_than_0_lufs_is_brought_down(
    name: str, target: int, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    graph, codec = LOUD[name]
    source = media.made("loud.wav", "-f", "lavfi", "-i", graph, "-c:a", codec)
    assert media.loudness(source).integrated > 0
    spec = job(source, op("loudnorm", "src", "n", target_lufs=target), n=flac())
    found = media.loudness(render(spec, tmp_path, binaries).paths[0])
    assert found.true_peak <= -1.5 + 0.1
    assert abs(found.integrated - target) <= 0.5 or (target == -5 and found.true_peak >= -2.5)


def test_volume_changes_the_level_exactly(media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.clip("loud.mp4", seconds=4)
    before = media.loudness(source).integrated
    for params, gain in (({"gain_db": -6}, -6.0), ({"volume": 0.5}, -6.02), ({"gain_db": 3}, 3.0)):
        done = render(job(source, op("volume", "src", "v", **params), v=flac()), tmp_path, binaries)
        assert abs(media.loudness(done.paths[0]).integrated - before - gain) <= 0.15


def level(media: Media, path: Path, start: float, length: float, pitch: int) -> float:
    """The RMS level of one tone in a part of a file, dB."""
    said = media.ffmpeg(
        "-i", str(path), "-af",
        f"atrim={start}:{start + length},bandpass=f={pitch}:width_type=h:w=40,volumedetect", "-f", "null", "-",
    )  # fmt: skip
    return float(said.rpartition("mean_volume:")[2].split()[0])


@pytest.fixture
def tones(media: Media) -> tuple[Path, Path]:
    voice, music = media.folder / "voice.wav", media.folder / "music.wav"
    media.ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "aevalsrc='between(t,2,4)*0.5*sin(2*PI*1000*t)':d=4.5:s=48000",
        str(voice),
    )
    media.ffmpeg("-f", "lavfi", "-i", "aevalsrc='0.25*sin(2*PI*300*t)':d=6:s=44100", str(music))
    return voice, music


def test_mix_adds_up_and_weights_count(
    tones: tuple[Path, Path], media: Media, binaries: Tools, tmp_path: Path
) -> None:
    done = render(joined("mix", tones, flac(), weights=[1, 0.5]), tmp_path, binaries)
    (path,) = done.paths
    alone = level(media, tones[1], 0.5, 1, 300)
    assert abs(level(media, path, 0.5, 1, 300) - alone + 6) < 0.5
    assert abs(level(media, path, 2.5, 1, 1000) - level(media, tones[0], 2.5, 1, 1000)) < 0.5
    assert done.found[0].audio[0].sample_rate == 48000
    assert abs((done.found[0].duration_ms or 0) - 6000) < 5


@pytest.mark.parametrize(
    ("duration", "ms"), [("longest", 6000), ("shortest", 4500), ("first", 4500)]
)
def test_mix_is_as_long_as_asked(
    duration: str, ms: int, tones: tuple[Path, Path], binaries: Tools, tmp_path: Path
) -> None:
    for mode in ("simple", "ducking"):
        done = render(
            joined("mix", tones, flac(), duration=duration, mode=mode), tmp_path, binaries
        )
        assert abs((done.found[0].duration_ms or 0) - ms) < 25


def test_ducking_lowers_the_music_while_the_voice_is_heard(
    tones: tuple[Path, Path], media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spec = joined("mix", tones, flac(), mode="ducking", ducking_threshold=-30, ratio=8)
    (path,) = render(spec, tmp_path, binaries).paths
    free, under, after = (level(media, path, at, 0.8, 300) for at in (0.5, 2.8, 5.1))
    assert free - under > 6
    assert abs(free - after) < 1
    assert abs(level(media, path, 2.8, 0.8, 1000) - level(media, tones[0], 2.8, 0.8, 1000)) < 0.5
