"""The optimised plan of any job writes what the naive one writes, a step a node, losslessly."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from app.engine import probe
from app.engine.tools import Tools
from planner.draft import Fleet, Pass
from planner.passes import PASSES
from planner.passes.split_large import SplitLarge
from planner.uri import file_uri
from tests.helpers import dags
from tests.helpers.alike import difference
from tests.helpers.media import Media
from tests.helpers.render import render
from tests.helpers.specs import job, joined, lossless, op

_MOST = 12
_FORMS = [("together", 300), ("together", 300), ("apart", 300), ("together", 4)]
"""Forks in one command or in several, and how many filters are in one at most."""
_FORKED = ("fast", "reel", "mute")


def with_at_most(max_filters: int) -> tuple[Pass, ...]:
    """The optimiser, with another limit of filters in one command."""
    split = SplitLarge(max_filters=max_filters)
    return tuple(split if one.name == split.name else one for one in PASSES)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("examples", "number"),
    [
        pytest.param(20, 0, marks=pytest.mark.xdist_group("equivalence")),
        *(pytest.param(125, number, marks=pytest.mark.full) for number in range(1, 9)),
    ],
)
def test_optimised_plans_write_what_naive_ones_write(
    examples: int, number: int, media: Media, binaries: Tools
) -> None:
    files = dags.sources(media)
    probed = {name: probe.probe(str(path), binaries) for name, path in files.items()}

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(dags.jobs(files, probed, _MOST), st.sampled_from(_FORMS))
    def check(spec: dict[str, Any], form: tuple[str, int]) -> None:
        forks, max_filters = form
        fleet = Fleet(slots=2, forks=forks)
        passes = with_at_most(max_filters)
        with tempfile.TemporaryDirectory(prefix="media-pipeline-") as folder:
            ours = render(spec, Path(folder, "ours"), binaries, fleet=fleet, passes=passes)
            naive = render(spec, Path(folder, "naive"), binaries, is_optimised=False)
            for one, other, info in zip(ours.paths, naive.paths, ours.found, strict=True):
                assert difference(media, one, other, info) is None, (form, spec)

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


def test_what_is_laid_over_lasts_as_long_as_what_lies_below(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """Matroska tells times in whole milliseconds: the last frame below is late by a third of one.
    And the clip on top is scaled to what it is, whatever the overlay would like."""
    long = dags.sources(media)["long"]
    spec = job(
        long,
        op("rotate", "src", "down", angle=180),
        op("scale", "src", "small", width=42),
        {"op": "overlay", "inputs": ["down", "small"], "output": "both"},
        both=lossless("a.mkv"),
    )
    spec["inputs"][0]["start_offset"] = 1.3
    ours = render(spec, tmp_path / "ours", binaries)
    naive = render(spec, tmp_path / "naive", binaries, is_optimised=False)
    assert media.frames(ours.paths[0]) == media.frames(naive.paths[0])


def test_forks_apart_write_the_same_bytes_as_together(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    clip = media.clip("ladder.mp4", seconds=3)
    names = {f"h{height}": {"destination": f"file:///out/{height}.mp4"} for height in (120, 96, 60)}
    spec = job(
        clip,
        op("trim", "src", "cut", start=0.5),
        op("loudnorm", "cut", "loud"),
        *(op("scale", "loud", name, height=int(name[1:])) for name in names),
        **names,
    )
    together, apart = (
        render(spec, tmp_path / forks, binaries, fleet=Fleet(forks=forks))
        for forks in ("together", "apart")
    )
    assert len(apart.plan.steps) == len(together.plan.steps) + 2
    assert [p.read_bytes() for p in apart.paths] == [p.read_bytes() for p in together.paths]


def test_cuts_are_exact_where_time_is_counted_in_whole_frames(
    media: Media, binaries: Tools, tmp_path: Path
) -> None:
    """An overlay puts what lies below on the frame grid: half a frame is no tick there."""
    reel = dags.sources(media)["reel"]
    spec = job(
        reel,
        {"op": "overlay", "inputs": ["src", "src"], "output": "both"},
        op("trim", "both", "cut", start=1.05, duration=1.45),
        cut=lossless("a.mkv"),
    )
    spec["inputs"][0]["start_offset"] = 1.3
    ours = render(spec, tmp_path / "ours", binaries)
    naive = render(spec, tmp_path / "naive", binaries, is_optimised=False)
    assert media.frames(ours.paths[0]) == media.frames(naive.paths[0])
