"""drawtext and subtitles on real FFmpeg: any text is drawn, none is interpreted."""

import random
from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from operators.filtergraph import filter_value
from operators.glyphs import FILES
from operators.text import font_for, missing
from planner.uri import file_uri
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, lossless, op

FONTS = Path("app/engine/fonts").resolve()
SPECIAL = "\\':%{}[],;=#\"`$&|<>~!?*()@^ \n\t"
LETTERS = "aZ09äßñ€–…Жщ" + "שלום" + "مرحبا" + "😀😎" + "→√∑"
EAST = "日本語中文한국어テスト" + "abc 123"


def texts(count: int) -> list[str]:
    """Random texts, heavy with what parsers trip over."""
    dice = random.Random(7)
    made: list[str] = []
    while len(made) < count:
        pool = SPECIAL * 2 + (LETTERS if dice.random() < 0.8 else EAST)
        text = "".join(dice.choice(pool) for _ in range(dice.randint(1, 24)))
        if text.strip() and not missing(font_for(text), text):
            made.append(text)
    return made


def picture(media: Media, path: Path) -> str:
    return media.frame_hashes(path)[0]


def draw(text: str, tmp_path: Path, source: Path, binaries: Tools) -> Path:
    spec = job(
        source,
        op("drawtext", "src", "t", text=text, position="custom", x=4, y=4),
        t=lossless("o.mkv"),
    )
    return render(spec, tmp_path, binaries).paths[0]


@pytest.fixture
def grey(media: Media) -> Path:
    picture = ("-f", "lavfi", "-i", "color=gray:s=320x96:r=5:d=0.2")
    return media.made("grey.mkv", *picture, "-c:v", "ffv1", "-pix_fmt", "yuv420p")


def batches(listed: list[str], size: int) -> list[list[str]]:
    return [listed[n : n + size] for n in range(0, len(listed), size)]


@pytest.mark.parametrize("number", range(20))
def test_any_text_is_drawn_as_the_textfile_reference_draws_it(
    number: int, grey: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Twenty-five texts per run, each an output of one job; twenty runs: five hundred."""
    batch = batches(texts(500), 25)[number]
    names = [f"t{position}" for position in range(len(batch))]
    spec = job(
        grey,
        *(
            op("drawtext", "src", name, text=text, position="custom", x=4, y=4)
            for name, text in zip(names, batch, strict=True)
        ),
        **{name: lossless(f"{name}.mkv") for name in names},
    )
    ours = render(spec, tmp_path / "ours", binaries).paths

    theirs = reference(media, grey, batch, tmp_path)
    for text, one, other in zip(batch, hashes(media, ours), hashes(media, theirs), strict=True):
        assert one == other, repr(text)


def reference(media: Media, grey: Path, batch: list[str], folder: Path) -> list[Path]:
    """What FFmpeg draws where it reads each text from a file."""
    words: list[str] = []
    paths = [folder / f"reference{position}.mkv" for position in range(len(batch))]
    for path, text in zip(paths, batch, strict=True):
        file = path.with_suffix(".txt")
        file.write_text(text, newline="")
        font = FONTS / FILES[font_for(text)]
        graph = f"drawtext=textfile={filter_value(str(file))}:expansion=none:fontfile={filter_value(str(font))}:fontsize=24:fontcolor=white:x=4:y=4"
        words += ["-map", "0:v", "-vf", graph, "-c:v", "ffv1", str(path)]
    media.ffmpeg("-i", str(grey), *words)
    return paths


def hashes(media: Media, paths: list[Path]) -> list[str]:
    """The hash of the one picture of each file."""
    inputs = [word for path in paths for word in ("-i", str(path))]
    maps = [word for n in range(len(paths)) for word in ("-map", f"{n}:v")]
    made = paths[0].with_suffix(".md5")
    media.ffmpeg(*inputs, *maps, "-f", "framemd5", str(made))
    lines = [line.split(",") for line in made.read_text().splitlines() if line[0] != "#"]
    found = {int(line[0]): line[5].strip() for line in lines}
    assert len(lines) == len(found) == len(paths)
    return [found[n] for n in range(len(paths))]


@pytest.mark.parametrize(
    "text",
    [
        "%{pts}",
        "100% sure",
        "a:textfile=/etc/passwd",
        "x',drawbox=c=red,'",
        "{work}/a.txt",
        "%{eif:1:d:2000000000}",
    ],
)
def test_nothing_but_the_text_is_ever_interpreted(
    text: str, grey: Path, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    path = draw(text, tmp_path, grey, binaries)
    assert picture(media, path) != picture(media, grey)
    said = media.ffmpeg("-i", str(path), "-vf", "signalstats,metadata=print", "-f", "null", "-")
    saturation = [float(line.rpartition("=")[2]) for line in said.splitlines() if "SATMAX" in line]
    assert max(saturation) < 3  # white on grey: an injected red box would show


def test_text_is_there_from_start_until_end(media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = media.clip("text.mp4", seconds=1, has_audio=False)
    spec = job(
        source, op("drawtext", "src", "t", text="now", start=0.2, end=0.5), t=lossless("o.mkv")
    )
    before, after = (
        media.frame_hashes(source),
        media.frame_hashes(render(spec, tmp_path, binaries).paths[0]),
    )
    changed = [n for n in range(30) if before[n] != after[n]]
    assert changed == list(range(6, 15))


SRT = "1\n00:00:00,200 --> 00:00:00,500\nHello {\\an8}<i>world</i> {brace} 日本\n"
VTT = "WEBVTT\n\n00:00.200 --> 00:00.500\nHello <b>world</b>\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.20,0:00:00.50,Default,,0,0,0,,Hello {\\p1}m 0 0 l 9 9{\\p0} world\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.srt", SRT.encode()), ("b.vtt", VTT.encode()), ("c.ass", ASS.encode()), ("it's [1]:x.srt", SRT.encode()),
     ("latin.srt", SRT.replace("日本", "été").encode("latin-1"))],
)  # fmt: skip
def test_subtitles_are_burnt_in_at_their_time(
    name: str, content: bytes, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    source = media.clip("text.mp4", seconds=1, has_audio=False)
    file = tmp_path / name
    file.write_bytes(content)
    spec: dict[str, Any] = job(source, t=lossless("o.mkv"))
    spec["inputs"].append({"id": "subs", "source": file_uri(str(file)), "type": "subtitle"})
    spec["operations"] = [
        {"op": "subtitles", "inputs": ["src", "subs"], "output": "t", "params": {}}
    ]
    before, after = (
        media.frame_hashes(source),
        media.frame_hashes(render(spec, tmp_path, binaries).paths[0]),
    )
    changed = [n for n in range(30) if before[n] != after[n]]
    assert changed == list(range(6, 15))


@pytest.mark.parametrize(
    "name",
    [
        "it's [1], 50%; a=b:c.mp4",
        "http://x?y=1&z.mp4".replace("/", "_"),
        "-dash.mp4",
        "%03d.mp4",
        "{in:src}.mp4",
    ],
)
def test_file_names_mean_nothing(name: str, media: Media, binaries: Tools, tmp_path: Path) -> None:
    source = tmp_path / name
    source.write_bytes(media.clip("s1.mp4", seconds=1).read_bytes())
    spec = job(source, t=lossless("o.mkv"))
    spec["operations"] = [
        {"op": "concat", "inputs": ["src", "src"], "output": "c", "params": {}},
        op("drawtext", "c", "t", text=name),
    ]
    assert len(media.frame_hashes(render(spec, tmp_path, binaries).paths[0])) == 60
    spec = job(
        source,
        {"op": "concat", "inputs": ["src", "src"], "output": "t", "params": {}},
        t={"destination": "file:///out/o.mp4"},
    )
    assert len(media.frame_hashes(render(spec, tmp_path, binaries).paths[0])) == 60
