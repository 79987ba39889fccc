"""Every example is planned and run; the README's first steps work as they are written."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from planner.plan import MeasureStep
from tests.helpers.media import Media
from tests.helpers.pace import scaled
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
    assert len([step for step in done.plan.steps if not isinstance(step, MeasureStep)]) == 1


@pytest.mark.stack
def test_the_demo_shows_what_it_made(tmp_path: Path, media: Media) -> None:
    clip = media.clip("talk.mp4", seconds=8)
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py"), str(clip), "--out", str(tmp_path / "out")],
        capture_output=True, text=True, timeout=scaled(120), check=False, cwd=ROOT, env=clean_env(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["talk-360.webm", "talk-720.mp4", "talk-square.mp4", "talk.mp3"]
    assert all(name in done.stdout for name in names)


def readme(language: str, word: str, service: Service) -> str:
    """The one block of the README in a language that has a word in it, for this service."""
    text = (ROOT / "README.md").read_text()
    (block,) = [b for b in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if word in b]
    url = str(service.client.base_url).removeprefix("http://").rstrip("/")
    return block.replace("localhost:8080", url)


@pytest.mark.stack("default")
def test_the_readmes_first_request_in_curl(service: Service, clip: Path) -> None:
    shutil.copy(clip, service.media / "talk.mp4")
    block = readme("sh", "/v1/jobs", service).replace("mp_live_…", service.key)
    script = block.replace("'\"$PWD\"'/media-pipeline-data/media", str(service.media))
    submit = script.partition("curl -s")[0] + "curl" + script.split("curl")[1]
    done = subprocess.run(["bash", "-c", submit], capture_output=True, text=True, check=True)
    job_id = json.loads(done.stdout)["job_id"]
    assert service.wait(job_id)["status"] == "completed"
    read = "curl" + script.split("curl")[2].replace("JOB_ID", job_id)
    script = submit.partition("curl")[0] + read
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "completed"


@pytest.mark.stack("default")
def test_the_readmes_first_request_in_python(service: Service, clip: Path) -> None:
    shutil.copy(clip, service.media / "talk.mp4")
    block = readme("python", "Client", service).replace(
        '"media-pipeline-data/media"', repr(str(service.media))
    )
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=True, cwd=ROOT,
        env=clean_env(KEY=service.key),
    )  # fmt: skip
    assert done.stdout.startswith("completed")
    assert "talk-small.mp4" in done.stdout
