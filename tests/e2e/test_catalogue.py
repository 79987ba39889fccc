"""Operators through the whole service: measured loudness, several files, sidecars, subtitles; and an
operator of somebody else's."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from planner.uri import file_uri
from tests.helpers.media import Media
from tests.helpers.pace import scaled
from tests.helpers.service import Service, clean_env
from tests.helpers.specs import job, op

pytestmark = pytest.mark.stack("default")


def out(service: Service, name: str) -> dict[str, Any]:
    return {"destination": file_uri(str(service.media / name))}


def test_a_long_chain_is_measured_then_rendered(service: Service, clip: Path, media: Media) -> None:
    spec = job(
        clip, op("trim", "src", "cut", end=3.5), op("scale", "cut", "small", width=160),
        op("fps", "small", "slow", fps=15), op("drawtext", "slow", "titled", text="It's 100%"),
        op("loudnorm", "titled", "loud", target_lufs=-20), loud=out(service, "chain.mp4"),
    )  # fmt: skip
    done = service.run(spec)
    assert done["status"] == "completed", done["error"]
    steps = service.get(f"/v1/jobs/{done['job_id']}/steps")["data"]
    assert [step["status"] for step in steps] == ["completed", "completed"]
    assert steps[1]["depends_on"] == ["s1"]
    assert not any("{measured" in word for word in steps[1]["attempts"][0]["argv"])
    assert abs(media.loudness(service.media / "chain.mp4").integrated + 20) <= 0.5


def test_silence_warns_in_the_job(service: Service, media: Media) -> None:
    source = service.media / "silent.wav"
    media.ffmpeg("-f", "lavfi", "-i", "anullsrc=d=5", str(source))
    done = service.run(job(source, op("loudnorm", "src", "n"), n=out(service, "silent.flac")))
    assert done["status"] == "completed", done["error"]
    (warning,) = done["warnings"]
    assert warning["pointer"] == "/operations/0"
    assert "silent" in warning["message"]


def test_thumbnails_and_contact_sheets_are_files(service: Service, clip: Path) -> None:
    spec = job(
        clip, op("thumbnail", "src", "many", count=3, width=80),
        op("thumbnail", "src", "sheet", interval=1, columns=2, width=80),
        many=out(service, "thumb.jpg"), sheet=out(service, "sheet.png"),
    )  # fmt: skip
    done = service.run(spec)
    assert done["status"] == "completed", done["error"]
    many, sheet = done["outputs"]
    names = [file["uri"].rpartition("/")[2] for file in many["files"]]
    assert names == ["thumb-0001.jpg", "thumb-0002.jpg", "thumb-0003.jpg"]
    assert [file["uri"].rpartition("/")[2] for file in sheet["files"]] == ["sheet.png", "sheet.vtt"]
    for file in (*many["files"], *sheet["files"]):
        assert (service.media / file["uri"].rpartition("/")[2]).stat().st_size == file["size_bytes"]
    assert many["size_bytes"] == sum(file["size_bytes"] for file in many["files"])
    assert service.parts("thumb") + service.parts("sheet") == []


def test_subtitles_that_hold_none_fail_the_job_clearly(service: Service, clip: Path) -> None:
    bad = service.media / "bad.srt"
    bad.write_text("1\n00:00:01,000 --> 00:00:02,000\n\n")
    spec = job(clip, t=out(service, "subs.mp4"))
    spec["inputs"].append({"id": "subs", "source": file_uri(str(bad))})
    spec["operations"] = [
        {"op": "subtitles", "inputs": ["src", "subs"], "output": "t", "params": {}}
    ]
    done = service.run(spec)
    assert done["status"] == "failed"
    assert done["error"]["code"] in ("INPUT_CORRUPTED", "MEDIA_PROBE_FAILED")


_PLUGIN = '''
"""An operator of somebody else's."""

from dataclasses import dataclass
from typing import ClassVar

from operators.contract import Category, Estimates, Operator, needs, per_track
from operators.filtergraph import Filter
from operators.media import Kind
from operators.parameters import Int
from operators.reading import param


@dataclass(frozen=True, kw_only=True)
class Mirror(Operator):
    """Swap left and right."""

    name: ClassVar[str] = "acme_mirror"
    category: ClassVar[Category] = Category.VIDEO
    times: int = param(Int(min=1, max=9), "How often", default=1)

    @classmethod
    def requires(cls):
        return needs([Kind.VIDEO])

    def infer(self, sources):
        return sources[0]

    def estimate(self, sources, result):
        return Estimates(cpu_ms=1, wall_ms=1)

    def compile(self, sources, result):
        return per_track(sources[0], video=(Filter.of("hflip"),) * self.times)
'''
_ENTRY = "[media_pipeline.operators]\nmirror = acme_mirror:Mirror\n"


def _wheel(folder: Path) -> Path:
    """A wheel as a third party would publish it."""
    path = folder / "acme_mirror-1.0-py3-none-any.whl"
    info = "acme_mirror-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("acme_mirror.py", _PLUGIN)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: acme-mirror\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{info}/entry_points.txt", _ENTRY)
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.mark.stack
def test_an_operator_from_another_package_works(media: Media, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--disable-pip-version-check",
    ]
    subprocess.run(
        [*pip, "--target", str(site), str(_wheel(tmp_path))], check=True, timeout=scaled(120)
    )
    source = tmp_path / "in.mkv"
    source.write_bytes(media.clip("s1.mp4", seconds=1).read_bytes())
    spec = job(
        "in.mkv",
        op("acme_mirror", "src", "m", times=3),
        m={"destination": "out.mkv", "codec": {"video": {"codec": "ffv1"}}},
    )
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    env = clean_env(PYTHONPATH=os.pathsep.join([str(site), os.getcwd()]))
    command = [sys.executable, "-m", "app.cli"]
    listed = subprocess.run(
        [*command, "operators", "acme_mirror"],
        env=env,
        capture_output=True,
        text=True,
        timeout=scaled(60),
    )
    assert "Swap left and right" in listed.stdout
    done = subprocess.run(
        [*command, "run", str(tmp_path / "spec.json")],
        env=env,
        capture_output=True,
        text=True,
        timeout=scaled(120),
    )
    assert done.returncode == 0, done.stderr
    assert media.frame_hashes(tmp_path / "out.mkv") == media.frame_hashes(source, "hflip")
