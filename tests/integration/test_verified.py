"""Files that are not what was planned are found out: each is a good output with one fault put in."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from app import settings
from app.engine import pace, probe, spot_check
from app.engine.outcome import Outcome
from app.engine.progress import Progress
from app.engine.spot_check import Means, Side
from app.engine.tools import Tools
from app.engine.verify import verify
from app.errors import Failure
from app.services.attempt import Attempt
from app.services.step_command import output_file
from app.services.step_doubts import doubts
from app.services.step_lease import Lease
from app.services.step_run import Finished, Run
from app.store.models import Job
from operators.media import MediaInfo
from planner.plan import Plan, Trace
from tests.helpers.media import Media
from tests.helpers.pace import scaled
from tests.helpers.render import render
from tests.helpers.specs import file_uri


@dataclass(frozen=True, kw_only=True)
class Made:
    path: Path
    planned: MediaInfo
    source: str
    spec: dict[str, Any]
    plan: Plan

    @property
    def traces(self) -> list[Trace]:
        """What can be compared of the output."""
        return list(self.plan.outputs[0].traces)


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
    return Made(
        path=done.paths[0],
        planned=done.planned[0],
        source=str(source),
        spec=spec,
        plan=done.plan,
    )


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


DOUBTFUL = {
    "louder": (*COPY, "-c:a", "aac", "-af", "volume=-9dB", "-t", "4"),
    "silent": (*COPY, "-c:a", "aac", "-af", "volume=0", "-t", "4"),
    "black": (*ANEW, "-vf", "drawbox=t=fill:color=black"),
    "range": (*ANEW, "-vf", "setparams=range=pc,scale=out_range=tv"),
    "colours": (*ANEW, "-vf", "hue=h=60"),
}


@pytest.mark.parametrize("fault", DOUBTFUL)
def test_what_looks_or_sounds_otherwise_is_told(
    fault: str, media: Media, binaries: Tools, tmp_path: Path
) -> None:
    good = made(media, binaries, tmp_path, codec={"audio": {"bitrate": "96k"}})
    bad = spoilt(good.path, binaries, *DOUBTFUL[fault])
    source = Side(path=good.source, info=probe.probe(good.source, binaries))

    def said(path: Path, budget_s: float = scaled(30)) -> list[str]:
        side = Side(path=str(path), info=probe.probe(str(path), binaries))
        sources = {"src": source}
        means = Means(tools=binaries, folder=str(tmp_path), budget_s=budget_s)
        return spot_check.check(side, good.traces, sources, means)

    verify(good.planned, said_of := probe.probe(str(bad), binaries))
    assert said_of.duration_ms
    assert said(good.path) == []
    (doubt,) = said(bad)
    assert ("sound" if fault in ("louder", "silent") else "picture") in doubt
    assert said(bad, budget_s=0.01) == []  # there was no time to look
    assert not list(tmp_path.glob("look*"))


def took(wall_s: float) -> Outcome:
    return Outcome(
        exit_code=0, signal=None, stopped=None, stderr_tail=(), errors=(), stdout=b"",
        progress=Progress(), wall_s=wall_s,
    )  # fmt: skip


@pytest.mark.parametrize(("took_s", "codes"), [(1000, ["OUTPUT_DIFFERS"]), (1, [])])
def test_a_worker_looks_for_a_part_of_the_time_that_the_work_took(
    took_s: float,
    codes: list[str],
    media: Media,
    binaries: Tools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = made(media, binaries, tmp_path, codec={"audio": {"bitrate": "96k"}})
    job = Job(job_id="job_test", tenant_id="acme", spec=good.spec, plan=good.plan.to_json())
    attempt = Attempt(job=job, step_id="s1", kind="ffmpeg", nodes=(), number=1, failures=0)
    run = Run(
        attempt=attempt,
        lease=cast(Lease, None),
        seconds_left=60,
        binaries=binaries,
        folder=str(good.path.parent),
        finished=Finished(attempts={}, measured={}),
        deadline=0,
    )
    monkeypatch.setattr(settings, "current", lambda: replace(settings.load({}), media_roots="/"))
    spoilt(good.path, binaries, *DOUBTFUL["silent"]).replace(good.path)
    output = output_file(good.plan, run.command_step, attempt.addresses, 0, run.folder)
    found = probe.probe(output.work_file, binaries)
    said = doubts(run, [output], [found], took(scaled(took_s)))
    assert [problem.code for problem in said] == codes
