"""Ten common jobs, our plan's script against the commands that an expert would type: CPU seconds
of FFmpeg, without the shell around it."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.engine import probe, workspace
from app.engine.tools import Tools
from bench.bench import GOOD_SOUND
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.plan.addresses import Addresses
from planner.policy import Policy
from planner.script import as_script
from planner.uri import parse_uri
from tests.helpers.media import Media

_JOBS = Path(__file__).parent / "expert"
_ROUNDS = 5
# stands for FFmpeg and notes what it used
_COUNTING = """#!{python}
import os, sys
child = os.spawnv(os.P_NOWAIT, {ffmpeg!r}, sys.argv)
_, status, used = os.wait4(child, 0)
with open({log!r}, "a") as log:
    print(used.ru_utime + used.ru_stime, file=log)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def compare(folder: Path, binaries: Tools) -> Iterator[tuple[str, float, float]]:
    """Name, and median CPU seconds of ours and of theirs, run in turn."""
    _sources(folder, binaries)
    for theirs in sorted(_JOBS.glob("*.sh")):
        ours = folder / theirs.name
        ours.write_text(_our_script(theirs.with_suffix(".json"), folder, binaries))
        spent: dict[Path, list[float]] = {ours: [], theirs: []}
        for _ in range(_ROUNDS):
            for script, seconds in spent.items():
                seconds.append(_cpu_s(script, folder, binaries))
        yield theirs.stem, statistics.median(spent[ours]), statistics.median(spent[theirs])


def _sources(folder: Path, binaries: Tools) -> None:
    media = Media(binaries=binaries, folder=folder)
    media.clip("film.mp4", seconds=60, size="960x540", extra=GOOD_SOUND)
    media.clip("more.mp4", seconds=10, size="640x480", fps="25", extra=GOOD_SOUND)
    logo = ("-f", "lavfi", "-i", "testsrc=size=128x64", "-frames:v", "1")
    media.ffmpeg(*logo, str(folder / "logo.png"))


def _our_script(job: Path, folder: Path, binaries: Tools) -> str:
    text = job.read_text().replace("{media}", str(folder)).replace("{out}", str(folder / "ours"))
    given = json.loads(text)
    parsed = parse_spec(given, Policy(roots=("/",)))
    sources = {one.id: parse_uri(one.source).path for one in parsed.spec.inputs}
    probed = {name: probe.probe(sources[name], binaries) for name in needed_inputs(parsed.spec)}
    plan = make_plan(parsed.spec, probed, Options(ffmpeg_version=binaries.version))
    return as_script(plan, Addresses.of(given), workspace.FONTS)


def _cpu_s(script: Path, folder: Path, binaries: Tools) -> float:
    """What the commands of a script use of the CPU. Its outputs begin in empty folders."""
    for name in ("ours", "theirs", "bin"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    counting, log = folder / "bin" / "ffmpeg", folder / "bin" / "log"
    counting.write_text(
        _COUNTING.format(python=sys.executable, ffmpeg=binaries.ffmpeg, log=str(log))
    )
    counting.chmod(0o755)
    env = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "media": str(folder),
        "out": str(folder / "theirs"),
        "fonts": workspace.FONTS,
    }
    subprocess.run(
        ["sh", "-eu", str(script)], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )  # fmt: skip
    return sum(map(float, log.read_text().split()))
