"""Operators × traits × containers: what comes out is what the documentation says, by an oracle of its
own (`tests.oracle`), or a warning says what is not."""

import random
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app.engine.tools import Tools
from tests.helpers.pace import scaled
from tests.helpers.render import render
from tests.helpers.specs import file_uri
from tests.oracle.cases import CASES
from tests.oracle.programme import Programme, even, later, programme
from tests.oracle.reading import read
from tests.oracle.verdict import Bounds, leads, verdict
from tests.zoo.build import specimen
from tests.zoo.rows import TARGETS, Run, covering, every_run
from tests.zoo.table import ZOO

_LOSSY = Bounds(level=0.9, length=0.07, colour=9)
_EXACT = Bounds(level=0.1, length=0.05, sound=0.001)


@pytest.mark.parametrize("name", ZOO)
def test_what_is_true_of_a_file(name: str, binaries: Tools) -> None:
    """The zoo and the oracle agree before anything is done to a file."""
    if set(ZOO[name].traits) & {"no times", "ps", "length guessed", "avi", "fragments"}:
        pytest.skip("players guess its times")
    drawn, found = programme(ZOO[name]), read(binaries, specimen(name))
    if "undecodable track" in ZOO[name].traits:
        found = replace(found, tracks=found.tracks[: len(drawn.sounds)])
    assert not verdict(found, drawn, _LOSSY)


def spec_of(run: Run) -> dict[str, Any]:
    case, target = CASES[run.case], TARGETS[run.target]
    ids = ["src", *(f"other{n}" for n, _ in enumerate(case.others))]
    names = [run.name, *case.others]
    inputs = [{"id": i, "source": file_uri(str(specimen(n)))} for i, n in zip(ids, names, strict=True)]  # fmt: skip
    given = {"input": ids[0]} if len(ids) == 1 else {"inputs": ids}
    meant = programme(run.row)
    operation = {"op": case.op, **given, "output": "out", "params": case.params(meant)}
    extension = run.target.removeprefix("default ")
    codec = {
        kind: value
        for kind, value in target.items()
        if (kind == "video" and run.row.has_picture) or kind == "audio"
    }
    output: dict[str, Any] = {"id": "out", "destination": f"file:///out/o.{extension}"}
    if codec:
        output["codec"] = codec
    return {"inputs": inputs, "operations": [operation], "outputs": [output]}


@cache
def truth(name: str, binaries: Tools) -> Programme:
    """What a file shows and says, on the clock of the file."""
    drawn = programme(ZOO[name])
    seen, heard = leads(read(binaries, specimen(name)), drawn)
    if {"no times", "ps"} & set(ZOO[name].traits):
        seen = 0.0  # as documented: the first picture is shown at once
    if "no times" in ZOO[name].traits:
        heard = 0.0
    return later(drawn, *(Fraction(by).limit_denominator(192_000) if abs(by) > 0.0001 else Fraction(0) for by in (seen, heard)))  # fmt: skip


def expected(run: Run, binaries: Tools) -> Programme:
    made = CASES[run.case].means(truth(run.name, binaries))
    if run.target in ("wav", "flac"):
        made = replace(made, shown=())
    is_halved = run.target in ("mp4", "mov", "default mp4", "default mkv")
    return even(made) if is_halved and made.shown else made


def bounds_of(run: Run) -> Bounds:
    """How near it has to be."""
    row = run.row
    # pictures without times; edit lists of fragments, which FFmpeg 5 does not read
    if {"ps", "fragments"} & set(row.traits):
        return replace(_LOSSY, sound=0.045)
    has_opus = any("libopus" in track.words for track in row.tracks)
    if run.target == "webm" or (has_opus and run.target == "default mkv"):
        # FFmpeg 5 delays the picture by what Opus puts in front
        return replace(_LOSSY, sound=0.008)
    if run.is_lossless and not row.is_lossy:
        return _EXACT
    if "sound with a hole" in row.traits:
        return replace(_LOSSY, level=2)  # behind it a codec begins anew
    has_many = any(track.channels > 2 for track in row.tracks)
    return replace(_LOSSY, level=1.2) if has_many else _LOSSY  # fewer bits a channel


FOUND = (
    ("thumbnail", "plain.ts", "png"),  # counted from the first stream that is used
    ("combine", "tff.ts", "mkv"),
    ("combine", "plain.ts", "default mkv"),  # a copy beside a picture that begins elsewhere
    ("trim", "wmv2.asf", "mkv"),  # the first packets give no sound
    ("quarter", "full.mp4", "mkv"),  # FFV1 keeps no range
    ("combine", "vfr.webm", "mkv"),  # FFmpeg 5 mistakes the first times behind a bitstream filter
    ("trim", "gaps.mp4", "default mp4"),  # and takes the last frame for as long as another
)
"""What was wrong once."""


def _chosen() -> list[Any]:
    """An eighth of the pairs of case and trait; all of them, and some of the rest, in the long form."""
    runs = list(every_run())
    found = [Run(case=case, name=name, target=target) for case, name, target in FOUND]
    quick, pairs = [*found, *covering(runs, part=8)], covering(runs)
    more = random.Random(22).sample(runs, 400)
    return [
        pytest.param(
            run,
            id=f"{run.case}-{run.name}-{run.target}".replace(" ", "_"),
            marks=[] if number < len(quick) else [pytest.mark.full],
        )
        for number, run in enumerate(dict.fromkeys([*quick, *pairs, *more]))
    ]


@pytest.mark.parametrize("run", _chosen())
def test_an_operator_does_what_it_says(run: Run, binaries: Tools, tmp_path: Path) -> None:
    # with time to look, a worker would have nothing to say either
    done = render(spec_of(run), tmp_path, binaries, looks_s=scaled(20))
    said = verdict(read(binaries, done.paths[0]), expected(run, binaries), bounds_of(run))
    assert not said, (said, [w.message for w in done.plan.warnings])
    assert not done.doubts or set(run.row.traits) & {"gaps", "sound with a hole"}
