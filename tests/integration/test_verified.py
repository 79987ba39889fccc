"""Files that are not what was planned are found out: each is a good output with one fault put in."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.engine import pace, probe
from app.engine.tools import Tools
from app.engine.verify import verify
from app.errors import Failure
from operators.media import MediaInfo
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import file_uri


@dataclass(frozen=True, kw_only=True)
class Made:
    path: Path
    planned: MediaInfo


def made(media: Media, binaries: Tools, folder: Path, **output: object) -> Made:
    """What the service itself makes: four seconds, scaled."""
    source = media.clip("verified.mp4", seconds=4, size="320x240")
    spec = {
        "inputs": [{"id": "src", "source": file_uri(str(source))}],
        "operations": [
            {"op": "scale", "input": "src", "output": "small", "params": {"width": 160}}
        ],
        "outputs": [{"id": "small", "destination": "file:///out/o.mkv", **output}],
    }
    done = render(spec, folder, binaries)
    assert not done.doubts
    return Made(path=done.paths[0], planned=done.planned[0])


def spoilt(good: Path, binaries: Tools, *options: str) -> Path:
    """The same file, but for one thing."""
    bad = good.with_name("bad.mkv")
    command = [
        binaries.ffmpeg,
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-i",
        str(good),
        *options,
        str(bad),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return bad


COPY = ("-map", "0", "-c", "copy")
ANEW = ("-map", "0", "-c:a", "copy", "-c:v", "libx264", "-preset", "ultrafast")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((*COPY, "-bsf:a", "setts=ts=TS+0.5/TB"), "begin .* ms further from each other"),
        ((*COPY, "-bsf:v", "setts=ts=TS*1.2"), "lasts"),
        ((*COPY, "-map", "-0:a"), "0 audio streams instead of 1"),
        ((*ANEW, "-vf", "scale=164:120,setsar=1"), "picture is 164x120 instead of 160x120"),
        ((*ANEW, "-colorspace", "bt2020nc"), "matrix is bt2020nc"),
    ],
    ids=["sound late", "stretched", "sound gone", "size", "matrix"],
)
def test_a_fault_is_found(
    options: tuple[str, ...], what: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    good = made(media, binaries, tmp_path)
    with pytest.raises(Failure, match=what):
        verify(good.planned, probe.probe(str(spoilt(good.path, binaries, *options)), binaries))


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((*COPY, "-bsf:v", "noise=drop=gte(n\\,30)*lt(n\\,50)"), "frames where 120 were expected"),
        (
            (*COPY, "-bsf:a", "noise=drop=gte(pts*tb\\,1)*lt(pts*tb\\,2)"),
            "of its sound are missing",
        ),
        ((*ANEW, "-vf", "fps=60"), "240 frames where 120 were expected"),
    ],
    ids=["frames missing", "sound with a hole", "frames doubled"],
)
def test_what_is_missing_inside_is_told(
    options: tuple[str, ...], what: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    good = made(media, binaries, tmp_path, codec={"video": {"codec": "h264", "gop": 1}})
    bad = str(spoilt(good.path, binaries, *options))
    seen = probe.probe(bad, binaries)
    verify(good.planned, seen)  # counts, sizes, codecs and lengths are right
    (doubt,) = pace.check(good.planned, seen, pace.read(bad, binaries))
    assert what in doubt
