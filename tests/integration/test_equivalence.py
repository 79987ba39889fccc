"""The optimised plan of any job writes what the naive one writes, a step a node, losslessly."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from app.engine import probe
from app.engine.tools import Tools
from planner.uri import file_uri
from tests.helpers import dags
from tests.helpers.alike import difference
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, joined, lossless, op

_MOST = 12
_FORKED = ("fast", "reel", "mute")


@pytest.mark.parametrize(
    "examples", [40, pytest.param(1000, marks=pytest.mark.full)]
)  # fmt: skip
def test_optimised_plans_write_what_naive_ones_write(
    examples: int, media: Media, binaries: Tools
) -> None:
    files = dags.sources(media)
    probed = {name: probe.probe(str(path), binaries) for name, path in files.items()}

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(dags.jobs(files, probed, _MOST))
    def check(spec: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="media-pipeline-") as folder:
            ours = render(spec, Path(folder, "ours"), binaries)
            naive = render(spec, Path(folder, "naive"), binaries, is_optimised=False)
            for one, other, info in zip(ours.paths, naive.paths, ours.found, strict=True):
                assert difference(media, one, other, info) is None, spec

    check()


def test_a_fork_keeps_the_pixels_of_every_branch(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """What is laid over is converted to RGB; the other reader of the same cut is not."""
    clips = dags.sources(media)
    fast, reel, mute = ({"id": n, "source": file_uri(str(clips[n]))} for n in _FORKED)
    spec = {
        "inputs": [fast, {**reel, "start_offset": 2.5}, mute],
        "operations": [
            {"op": "overlay", "inputs": ["fast", "reel"], "output": "over"},
            {"op": "concat", "inputs": ["over", "mute"], "output": "row"},
        ],
        "outputs": [{"id": "row", **lossless("a.mkv")}, {"id": "reel", **lossless("b.mkv")}],
    }
    ours = render(spec, tmp_path / "ours", binaries)
    naive = render(spec, tmp_path / "naive", binaries, is_optimised=False)
    assert media.frames(ours.paths[1]) == media.frames(naive.paths[1])


def test_ducking_loses_no_sound_however_fast_its_inputs_come(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    voice, music = (dags.sources(media)[name] for name in ("reel", "fast"))
    spec = joined("mix", [voice, music], lossless("mix.mkv"), mode="ducking")
    spec["inputs"][0]["start_offset"] = 2.5
    made = [render(spec, tmp_path / str(n), binaries).paths[0] for n in range(10)]
    assert len({bytes(media.samples(path)) for path in made}) == 1


def test_a_raised_rate_beside_loudnorm_does_not_stand_still(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """FFmpeg 9 holds back the faster frames, and with them the sound that loudnorm waits for."""
    reel = dags.sources(media)["reel"]
    spec = job(
        reel,
        op("fps", "src", "fast", fps=30),
        op("loudnorm", "src", "loud"),
        fast=lossless("a.mkv"),
        loud=lossless("b.mkv"),
    )
    for attempt in range(3):
        assert len(render(spec, tmp_path / str(attempt), binaries).paths) == 2


def test_a_fade_after_a_lower_rate_keeps_its_time(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """A frame of ten a second is a tick of 0.1 s to what follows, too coarse for 0.65 s."""
    reel = dags.sources(media)["reel"]
    spec = job(
        reel,
        op("fps", "src", "slow", fps=10),
        op("fade", "slow", "out", type="out", duration=0.65),
        op("fade", "out", "both", type="in", duration=0.33),
        both=lossless("a.mkv"),
    )
    ours = render(spec, tmp_path / "ours", binaries)
    naive = render(spec, tmp_path / "naive", binaries, is_optimised=False)
    assert media.frames(ours.paths[0]) == media.frames(naive.paths[0])
