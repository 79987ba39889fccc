"""The shell script of a plan makes what the service makes: measured, joined, captioned, numbered."""

from pathlib import Path

from app.engine import workspace
from planner.plan.addresses import Addresses
from planner.script import as_script
from planner.uri import file_uri
from tests.helpers.media import Media
from tests.helpers.render import plan_of, run_script
from tests.helpers.specs import job, op


def test_a_script_does_all_that_steps_can(media: Media, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "it's out"
    out.mkdir()
    source = media.clip("script.mp4", seconds=4)
    spec = job(
        source, op("drawtext", "src", "d", text="It's {work} 100%"), op("loudnorm", "d", "n", target_lufs=-20),
        {"op": "concat", "inputs": ["src", "src"], "output": "c", "params": {}},
        op("thumbnail", "src", "t", count=3, width=64), op("thumbnail", "src", "s", count=4, columns=2, width=64),
        {"op": "subtitles", "inputs": ["src", "subs"], "output": "b", "params": {}},
        n=out / "n.mp4", c=out / "c.mp4", t=out / "t.jpg", s=out / "s.png", b=out / "b.mp4",
    )  # fmt: skip
    spec["inputs"].append({"id": "subs", "source": file_uri(str(corpus / "unicode.srt"))})
    script = as_script(plan_of(spec, media.binaries), Addresses.of(spec), workspace.FONTS)
    folder = tmp_path / "bin"
    folder.mkdir()
    run_script(script, media.binaries.ffmpeg, folder, 170)
    made = sorted(path.name for path in out.iterdir())
    assert made == [
        "b.mp4",
        "c.mp4",
        "n.mp4",
        "s.png",
        "s.vtt",
        "t-0001.jpg",
        "t-0002.jpg",
        "t-0003.jpg",
    ]
    assert abs(media.loudness(out / "n.mp4").integrated + 20) <= 0.5
    assert len(media.frame_hashes(out / "c.mp4")) == 240
