"""What `infer` says equals what ffprobe finds, for every operator over the corpus of real files; and
pictures equal a reference that FFmpeg's plain filters make."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engine import probe
from app.engine.tools import Tools
from operators import registry
from operators.media import MediaInfo
from operators.problem import Invalid
from planner.uri import file_uri
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, lossless, op

FILES = (
    "-video-with-dash-.mp4", "LIE_duration_3900s_real_8s.mp4", "amr_mpeg4.3gp", "anim_odd_314x273.gif",
    "awesome'movie.mov", "bbb_720p_aac51.mp4", "bikes_video_only_25fps.mp4", "h264_aac_320x240_7s.mp4",
    "hlg_hevc_10bit.mp4", "iphone_portrait_rot90.MOV", "mkv_2audio_8subs.mkv", "mp3_cover_chapters.mp3",
    "mp4_movtext.mp4", "mpeg1_sar64_45.mpg", "opus_51.mka", "phone_vfr_10fps_rot180.mp4",
    "silent_black_10s.mp4", "sony_1080i50_avchd.mts", "speech.wav", "vp9_odd_161x121.webm",
    "watermark.png", "webm_vp9_alpha.webm", "webm_vp9_opus_no_duration.webm",
)  # fmt: skip
Params = Callable[[MediaInfo], dict[str, Any]]


def half(info: MediaInfo) -> dict[str, Any]:
    video = info.video[0].upright()
    return {"width": max(1, video.width // 2), "height": max(1, video.height // 2)}


def larger(info: MediaInfo) -> dict[str, Any]:
    video = info.video[0].upright()
    return {"width": video.width + 33, "height": video.height + 17, "x": 3}


# one operation on one input, with parameters that suit any file; two inputs: the file twice
USES: dict[str, tuple[str, int, Params]] = {
    "trim": ("trim", 1, lambda info: {"start": (info.duration_ms or 400) / 4000, "duration": 1}),
    "scale": ("scale", 1, lambda _: {"width": 161, "height": 120, "fit": "contain"}),
    "scale up": ("scale", 1, lambda _: {"height": 200}),
    "crop": ("crop", 1, half),
    "pad": ("pad", 1, larger),
    "pad aspect": ("pad", 1, lambda _: {"aspect": "1:1"}),
    "rotate quarter": ("rotate", 1, lambda _: {"angle": 90}),
    "rotate": ("rotate", 1, lambda _: {"angle": 10}),
    "fps": ("fps", 1, lambda _: {"fps": 12}),
    "fade": ("fade", 1, lambda _: {"type": "in", "duration": 0.1}),
    "deinterlace": ("deinterlace", 1, lambda _: {}),
    "deinterlace fields": ("deinterlace", 1, lambda _: {"mode": "field"}),
    "drawtext": ("drawtext", 1, lambda _: {"text": "Tést"}),
    "volume": ("volume", 1, lambda _: {"gain_db": -3}),
    "loudnorm": ("loudnorm", 1, lambda _: {}),
    "waveform": ("waveform", 1, lambda _: {"width": 200, "height": 60}),
    "thumbnail": ("thumbnail", 1, lambda _: {"width": 100}),
    "thumbnails": ("thumbnail", 1, lambda _: {"count": 3, "height": 50}),
    "concat": ("concat", 2, lambda _: {"mode": "reencode"}),
    "xfade": ("xfade", 2, lambda info: {"duration": min(0.5, (info.duration_ms or 800) / 4000)}),
    "mix": ("mix", 2, lambda _: {}),
    "overlay": ("overlay", 2, lambda _: {"scale": 0.5}),
    "combine": ("combine", 2, lambda _: {}),
    "subtitles": ("subtitles", 2, lambda _: {}),
}  # fmt: skip
EVERY = [(use, name) for use in USES for name in FILES]
# in the short form every use meets every third file, so that each file meets a third of all uses
SOME = {pair for n, pair in enumerate(EVERY) if (n + n // len(FILES)) % 3 == 0}
LONG = {
    "phone_vfr_10fps_rot180.mp4": 0.7, "bikes_video_only_25fps.mp4": 0.6, "iphone_portrait_rot90.MOV": 0.7,
}  # fmt: skip
"""Files of many pixels, of which the short form reads so many seconds; the long form reads all."""


def forms() -> Iterator[Any]:
    """What is used, the file, and how many seconds of it (None: all)."""
    for use, name in EVERY:
        is_short = (use, name) in SOME
        if is_short:
            yield pytest.param(use, name, LONG.get(name), id=f"{use}-{name}")
        if not is_short or name in LONG:
            yield pytest.param(use, name, None, id=f"{use}-{name}-whole", marks=pytest.mark.full)


def test_every_operator_is_used() -> None:
    assert {name for name, _, _ in USES.values()} == set(registry.names())


@pytest.mark.parametrize(("use", "name", "seconds"), list(forms()))
def test_what_is_inferred_is_what_is_written(
    use: str, name: str, seconds: float | None, corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:  # fmt: skip
    operator, count, params = USES[use]
    source = corpus / name
    if seconds:
        begin = ("-t", str(seconds), "-i", str(source), "-map", "0:v", "-map", "0:a?", "-c", "copy")
        source = media.made(name, *begin, source=source)
    info = probe.probe(str(source), binaries)
    kinds = registry.find(operator).requires()  # type: ignore[union-attr]
    second = corpus / "unicode.srt" if use == "subtitles" else source
    if not kinds.needs(0) <= info.kinds:
        pytest.skip(f"{operator} needs what {name} has not")
    if name == "amr_mpeg4.3gp" and binaries.version.startswith("5.1"):
        pytest.skip("FFmpeg 5.1 decodes a fifth of this file's sound")
    is_picture = operator in ("thumbnail", "waveform") or (
        info.is_still and use not in ("trim", "concat", "xfade")
    )
    if use == "mix" or (use != "waveform" and not info.video):
        target: dict[str, Any] = {"destination": "file:///out/o.mka".replace("mka", "mkv")}
    else:
        target = {"destination": f"file:///out/o.{'png' if is_picture else 'mp4'}"}
    ids = ["a", "b"][:count]
    length = {"duration": 1} if info.is_still and use in ("concat", "xfade") else {}
    spec = {
        "inputs": [
            {"id": i, "source": file_uri(str(s)), **length}
            for i, s in zip(ids, (source, second), strict=False)
        ],
        "operations": [{"op": operator, "inputs": ids, "output": "out", "params": params(info)}],
        "outputs": [{"id": "out", **target}],
    }
    if operator == "deinterlace" and name == "-video-with-dash-.mp4":
        with pytest.raises(Invalid, match="too small"):
            render(spec, tmp_path, binaries)
        return
    if use == "combine" and not info.audio:
        pytest.skip("nothing to combine with")
    done = render(spec, tmp_path, binaries)
    (planned,), (found,) = done.planned, done.found
    assert [_seen(v) for v in planned.video] == [_seen(v) for v in found.video]
    for wanted, heard in zip(planned.audio, found.audio, strict=True):
        assert (wanted.codec, wanted.sample_rate, wanted.channels) == (
            heard.codec, heard.sample_rate, heard.channels,
        )  # fmt: skip
    for wanted_video, seen in zip(planned.video, found.video, strict=True):
        if wanted_video.grid_rate and seen.grid_rate:
            # an interlaced stream that is copied ticks once a field in mp4
            ratio = float(seen.grid_rate / wanted_video.grid_rate)
            is_fields = wanted_video.field_order in ("tt", "bb") and ratio > 1.5
            assert abs(ratio / (2 if is_fields else 1) - 1) < 0.01


def _seen(video: Any) -> tuple[Any, ...]:
    return video.codec, video.width, video.height, video.display_width, video.rotation, video.sar


REFERENCES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("crop", {"width": 100, "height": 80}, "crop=100:80"),
    ("crop", {"width": 100, "height": 80, "x": 31, "y": 17}, "crop=100:80:31:17:exact=1"),
    ("pad", {"width": 400, "height": 300, "color": "#ff8800"}, "pad=400:300:40:30:0xff8800"),
    ("pad", {"aspect": "16:9"}, "pad=426:240:53:0"),
    ("rotate", {"angle": 90}, "transpose=1"),
    ("rotate", {"angle": 180}, "rotate=PI"),
    ("rotate", {"angle": -90}, "transpose=2"),
    ("rotate", {"angle": 30}, "rotate=PI/6:ow=398:oh=368"),
    ("scale", {"width": 160}, "scale=160:120:flags=bicubic"),
    ("scale", {"width": 200, "height": 200, "fit": "contain"}, "scale=200:150:flags=bicubic,pad=200:200:0:25"),
    ("scale", {"width": 100, "height": 100, "fit": "cover"}, "scale=134:100:flags=bicubic,crop=100:100"),
    ("fade", {"type": "in", "duration": 1}, "fade=in:0:30"),
    ("deinterlace", {}, "bwdif=0"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "params", "reference"), REFERENCES)
def test_pictures_equal_the_reference(
    name: str, params: dict[str, Any], reference: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip("reference.mp4", seconds=1, has_audio=False)
    done = render(
        job(source, op(name, "src", "o", **params), o=lossless("o.mkv")), tmp_path, binaries
    )
    wanted = tmp_path / "wanted.mkv"
    media.ffmpeg(
        "-i", str(source), "-vf", reference, "-c:v", "ffv1", "-pix_fmt", "yuv420p", str(wanted)
    )
    size = media.streams(wanted)[0]
    assert (done.found[0].video[0].width, done.found[0].video[0].height) == (
        size["width"],
        size["height"],
    )
    assert media.psnr(done.paths[0], wanted) > 40


def test_an_overlay_lies_where_it_should(
    corpus: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip("reference.mp4", seconds=1, has_audio=False)
    spec = job(source, o=lossless("o.mkv"))
    spec["inputs"].append({"id": "logo", "source": file_uri(str(corpus / "watermark.png"))})
    spec["operations"] = [
        {"op": "overlay", "inputs": ["src", "logo"], "output": "o",
         "params": {"position": "bottom_right", "margin": 10, "opacity": 0.5, "start": 0.5}}
    ]  # fmt: skip
    done = render(spec, tmp_path, binaries)
    wanted = tmp_path / "wanted.mkv"
    graph = (
        "[1]format=rgba,colorchannelmixer=aa=0.5[l];"
        "[0][l]overlay=210:130:enable='gte(t,0.5)',format=yuv420p"
    )
    media.ffmpeg(
        "-i", str(source), "-i", str(corpus / "watermark.png"), "-filter_complex", graph, "-c:v", "ffv1", str(wanted)
    )  # fmt: skip
    assert media.psnr(done.paths[0], wanted) > 45
    before, after = media.frame_hashes(source), media.frame_hashes(done.paths[0])
    assert after[:15] == before[:15]
    assert not set(after[15:]) & set(before)


def test_five_filters_cost_one_encode(media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.clip("reference.mp4", seconds=1, has_audio=False)
    chain = [
        op("crop", "src", "a", width=300, height=200), op("scale", "a", "b", width=600),
        op("pad", "b", "c", width=640, height=480), op("rotate", "c", "d", angle=180),
        op("fps", "d", "e", fps=15),
    ]  # fmt: skip
    done = render(job(source, *chain, e={"destination": "file:///out/o.mp4"}), tmp_path, binaries)
    assert len(done.plan.steps) == 1
    by_hand = tmp_path / "hand.mp4"
    graph = "crop=300:200,scale=600:400:flags=bicubic,pad=640:480,pad=640:480:20:40,hflip,vflip,fps=15".replace(
        "pad=640:480,", ""
    )
    media.ffmpeg(
        "-i", str(source), "-vf", graph, "-c:v", "libx264", "-crf", "23", "-preset", "medium", str(by_hand)
    )  # fmt: skip
    reference = tmp_path / "reference.mkv"
    media.ffmpeg("-i", str(source), "-vf", graph, "-c:v", "ffv1", str(reference))
    ours, theirs = media.psnr(done.paths[0], reference), media.psnr(by_hand, reference)
    assert abs(ours - theirs) < 0.1


@pytest.mark.parametrize(
    "tags",
    [
        ("tv", "bt709", "bt709", "bt709"),
        ("pc", "bt709", "bt709", "bt709"),
        ("tv", "smpte170m", "smpte170m", "smpte170m"),
        ("tv", "bt2020nc", "arib-std-b67", "bt2020"),
    ],
)
def test_colours_survive_a_pass_through(
    tags: tuple[str, str, str, str], media: Media, binaries: Tools, tmp_path: Path
) -> None:
    spread, matrix, transfer, primaries = tags
    source = tmp_path / "tagged.mp4"
    look = f"setparams=range={spread}:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"
    deep = "yuv420p10le" if transfer == "arib-std-b67" else "yuv420p"
    media.ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30:duration=1", "-vf", f"format={deep},{look}",
        "-c:v", "libx264", "-preset", "ultrafast", "-color_range", spread, "-colorspace", matrix,
        "-color_trc", transfer, "-color_primaries", primaries, str(source),
    )  # fmt: skip
    spec = job(
        source,
        op("crop", "src", "c", width=160, height=120),
        c={"destination": "file:///out/o.mp4"},
    )
    video = render(spec, tmp_path, binaries).found[0].video[0]
    assert (
        video.color_range,
        video.color_space,
        video.color_transfer,
        video.color_primaries,
    ) == tags
    assert video.pixel_format in (deep, f"yuvj{deep[3:]}")
    joined = {
        "op": "concat",
        "inputs": ["src", "src"],
        "output": "c",
        "params": {"mode": "reencode"},
    }
    spec["operations"] = [joined]
    video = render(spec, tmp_path, binaries).found[0].video[0]
    assert (
        video.color_range,
        video.color_space,
        video.color_transfer,
        video.color_primaries,
    ) == tags
