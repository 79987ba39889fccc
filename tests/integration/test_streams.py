"""Which streams reach an output, and what it says of them: tracks, purposes, timecodes, fields."""

from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Invalid
from tests.helpers.media import Media
from tests.helpers.presentation import presentation
from tests.helpers.render import plan_of, render
from tests.helpers.specs import job, joined, op


def said(spec: dict[str, Any], binaries: Tools) -> list[str]:
    return [warning.message for warning in plan_of(spec, binaries).warnings]


def with_undecodable_track(media: Media, tmp_path: Path) -> Path:
    """A film whose second track of sound is of a codec that nobody knows."""
    tracks = ("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2",
              "-f", "lavfi", "-i", "sine=440:duration=2", "-f", "lavfi", "-i", "sine=880:duration=2")  # fmt: skip
    maps = ("-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a", "aac")
    raw = media.made("two.mov", *tracks, *maps).read_bytes()
    at = max(
        n for n in range(len(raw)) if raw.startswith(b"mp4a", n) and b"stsd" in raw[n - 24 : n]
    )
    entry = raw[at : at + 250].replace(b"mp4a", b"apac").replace(b"esds", b"dapa")
    path = tmp_path / "spatial.mov"
    path.write_bytes(raw[:at] + entry + raw[at + 250 :])
    return path


def test_a_track_that_cannot_be_decoded_is_left_out_with_a_warning(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = with_undecodable_track(media, tmp_path)
    spec = job(
        source, op("volume", "src", "loud", gain_db=6), op("scale", "src", "small", width=48),
        src={"destination": "file:///out/copy.mp4"}, loud={"destination": "file:///out/loud.mp4"},
        small={"destination": "file:///out/small.mkv"},
    )  # fmt: skip
    for found in render(spec, tmp_path / "work", binaries).found:
        assert [stream.codec for stream in found.audio] == ["aac"]
    (warning,) = said(spec, binaries)
    assert "audio track 1" in warning and "left out" in warning  # noqa: PT018


def with_a_track_of(codec: str, media: Media) -> Path:
    """A film whose second track of sound is of a codec that is not decoded here."""
    tone = ("-f", "lavfi", "-i", "sine=440:duration=1")
    return media.made(
        f"{codec}.mkv", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=1", *tone, *tone,
        "-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a:0", "aac", "-c:a:1", codec,
        "-strict", "-2",
    )  # fmt: skip


@pytest.mark.parametrize("codec", ["truehd", "wavpack", "tta"])
def test_a_film_is_not_refused_for_one_of_its_tracks(
    codec: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = with_a_track_of(codec, media)
    spec = job(source, op("scale", "src", "small", width=48), small=tmp_path / "o.mp4")
    (found,) = render(spec, tmp_path / "work", binaries).found
    assert [stream.codec for stream in found.audio] == ["aac"]
    (warning,) = said(spec, binaries)
    assert warning == f"audio track 1 ({codec}) cannot be decoded and is left out"
    asked = job(source, op("volume", "src:a:1", "soft", gain_db=-6), soft=tmp_path / "o.wav")
    with pytest.raises(Invalid) as refused:
        plan_of(asked, binaries)
    (problem,) = refused.value.problems
    assert (problem.code, problem.pointer) == ("UNSUPPORTED_CODEC", "/outputs/0/id")
    assert f"the audio is {codec}" in problem.message


def test_decoders_that_are_not_known_to_be_safe_are_not_even_opened(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.made("magic.mkv", "-f", "lavfi", "-i", "testsrc2=size=96x64:duration=1", "-c:v", "magicyuv")  # fmt: skip
    with pytest.raises(Failure, match="magicyuv is not allowed"):
        plan_of(job(source, src=tmp_path / "o.mp4"), binaries)


def test_a_text_track_is_found_behind_pictures_of_text(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """The first subtitle track holds pictures, the second words."""
    text = tmp_path / "t.srt"
    text.write_text("1\n00:00:00,000 --> 00:00:02,000\nSecond track\n")
    film = ("-f", "lavfi", "-i", "color=navy:size=320x180:rate=25:duration=2")
    packed = tmp_path / "p.sup"
    packed.write_bytes(presentation())
    source = media.made(
        "both.mkv", *film, "-i", str(packed), "-i", str(text), "-map", "0", "-map", "1", "-map", "2",
        "-c:v", "libx264", "-c:s:0", "copy", "-c:s:1", "srt", source=text,
    )  # fmt: skip
    for name, captions in (("one", source), ("two", text)):
        spec = joined(
            "subtitles",
            [source, captions],
            {"destination": f"file:///out/{name}.mkv", "codec": {"video": {"codec": "ffv1"}}},
        )
        (path,) = render(spec, tmp_path / name, binaries).paths
        drawn = media.frame_hashes(path)
        assert len(set(drawn)) < len(drawn)
        if name == "one":
            first = drawn
        else:
            assert drawn == first


def two_tracks(media: Media, suffix: str = "mkv") -> Path:
    """A commentary first, and the main sound behind it, which is the default."""
    return media.made(
        f"tracks.{suffix}",
        *("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2"),
        *("-f", "lavfi", "-i", "sine=440:duration=2", "-f", "lavfi", "-i", "sine=880:duration=2"),
        *("-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a", "aac"),
        *("-metadata:s:a:0", "title=Commentary", "-metadata:s:a:0", "language=eng"),
        *("-metadata:s:a:1", "title=Main", "-metadata:s:a:1", "language=deu"),
        *("-disposition:a:0", "comment", "-disposition:a:1", "default"),
    )


@pytest.mark.parametrize("way", ["copied", "encoded", "changed"])
def test_tracks_keep_what_they_are_for(
    way: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    codec = {"audio": {"codec": "opus"}} if way == "encoded" else {}
    out = {"destination": "file:///out/o.mkv", "codec": codec}
    spec = (
        job(two_tracks(media), op("volume", "src", "v", gain_db=6), v=out)
        if way == "changed"
        else job(two_tracks(media), src=out)
    )
    (path,) = render(spec, tmp_path, binaries).paths
    tracks = [s for s in media.streams(path) if s["codec_type"] == "audio"]
    told = [
        (t["tags"]["title"], t["tags"]["language"], t["disposition"]["default"], t["disposition"]["comment"])
        for t in tracks
    ]  # fmt: skip
    assert told == [
        ("Commentary", "eng", 0, 1),
        ("Main", "deu", 1, 0),
    ]


def timecodes(media: Media, path: Path) -> set[str]:
    shown = media.probe(path, "-show_entries", "stream_tags=timecode:format_tags=timecode")
    holders = [shown.get("format", {}), *shown["streams"]]
    return {h["tags"]["timecode"] for h in holders if "timecode" in h.get("tags", {})}


NTSC = "30000/1001"


@pytest.mark.parametrize("source", ["mxf", "mov"])
@pytest.mark.parametrize("target", ["mov", "mp4", "mkv"])
@pytest.mark.parametrize(
    ("way", "right"),
    [
        ("whole", {"01:00:00;00"}),
        ("trim", {"01:00:02;00"}),
        ("offset", {"01:00:01;00"}),
        ("keyframe", set()),
        ("fps", set()),
    ],
)
def test_a_timecode_is_moved_or_removed_but_never_wrong(
    way: str,
    right: set[str],
    source: str,
    target: str,
    media: Media,
    binaries: Tools,
    tmp_path: Path,
) -> None:
    codec = ("-c:v", "mpeg2video") if source == "mxf" else ("-c:v", "libx264", "-g", "15")
    film = media.clip(
        f"tc.{source}", fps=NTSC, extra=(*codec, "-c:a", "pcm_s16le", "-timecode", "01:00:00;00")
    )
    out = {"destination": f"file:///out/o.{target}"}
    spec = {
        "whole": job(film, op("scale", "src", "o", width=96), o=out),
        "trim": job(film, op("trim", "src", "o", start="2.002s"), o=out),
        "keyframe": job(film, op("trim", "src", "o", start=2, mode="keyframe"), o=out),
        "fps": job(film, op("fps", "src", "o", fps=25), o=out),
        "offset": job(film, op("scale", "src", "o", width=96), o=out),
    }[way]
    if way == "offset":
        spec["inputs"][0]["start_offset"] = "1.001s"
    (path,) = render(spec, tmp_path, binaries).paths
    found = timecodes(media, path)
    if way == "keyframe" and (source == "mxf" or target == "mp4"):
        right = {"01:00:02;00"}  # not all can be copied, so it is exact after all
    assert found <= right
    if target == "mov":
        assert found == right


def test_a_film_is_not_written_into_one_picture(media: Media, binaries: Tools) -> None:
    with pytest.raises(Invalid) as caught:
        plan_of(job(media.clip(), src={"destination": "file:///out/o.webp"}), binaries)
    assert "one picture" in caught.value.problems[0].message


def test_a_picture_by_the_name_of_a_film_is_told_of(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    picture = media.made("p.png", "-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1")
    film = tmp_path / "film.mp4"
    film.write_bytes(picture.read_bytes())
    assert "the file is a still picture (png), whatever its name says" in said(
        job(film, src={"destination": "file:///out/o.jpg"}), binaries
    )
