"""Every example is planned and run; the README's first steps work as they are written."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.service import Service, clean_env

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "example", sorted(ROOT.glob("examples/*.json")), ids=lambda path: path.stem
)
def test_an_example_runs(example: Path, media: Media, tmp_path: Path) -> None:
    source = shutil.copy(media.clip("talk.mp4", seconds=8), tmp_path / "talk.mp4")
    spec = json.loads(example.read_text())
    spec["inputs"][0]["source"] = f"file://{source}"
    for output in spec["outputs"]:
        output["destination"] = f"file://{tmp_path}/{output['destination']}"
    done = render(spec, tmp_path / "work", media.binaries)
    assert len(done.found) == len(spec["outputs"])
    assert len([step for step in done.plan.steps if not step.measures]) == 1


def test_the_demo_shows_what_it_made(tmp_path: Path, media: Media) -> None:
    clip = media.clip("talk.mp4", seconds=8)
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py"), str(clip), "--out", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT, env=clean_env(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["talk-360.webm", "talk-720.mp4", "talk-square.mp4", "talk.mp3"]
    assert all(name in done.stdout for name in names)


def test_the_readmes_request_is_accepted(service: Service, clip: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    (body,) = re.findall(r"-d '(\{.*?\})'\n", readme, re.DOTALL)
    shutil.copy(clip, service.media / "talk.mp4")
    spec = json.loads(body.replace("'\"$PWD\"'/media-pipeline-data/media", str(service.media)))
    done = service.run(spec)
    assert done["status"] == "completed", done["error"]
