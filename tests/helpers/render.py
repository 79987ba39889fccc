"""Run a spec through planner and engine in this process: no database, no queue, real FFmpeg."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.engine import pace, probe, process, spot_check, workspace
from app.engine.outcome import Outcome
from app.engine.spot_check import Means, Side
from app.engine.tools import Tools
from app.engine.verify import verify
from app.services import step_command, step_files, step_measure
from app.services.step_command import Place
from operators.contract import Estimates
from operators.media import MediaInfo
from planner.calibration import Sample
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.plan import CommandStep, MeasureStep, Plan, Step
from planner.plan.addresses import Addresses
from planner.policy import Policy
from planner.uri import parse_uri
from tests.helpers.pace import scaled


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The plan, and per output its path, what was planned and what was found."""

    plan: Plan
    paths: list[Path]
    planned: list[MediaInfo]
    found: list[MediaInfo]
    warnings: list[str] = field(default_factory=list)
    """What measuring passes warned of."""
    files: dict[int, list[Path]] = field(default_factory=dict)
    """All files of each output."""
    doubts: list[str] = field(default_factory=list)
    """What a worker would warn of."""
    samples: list[Sample] = field(default_factory=list)
    """What every step had to do, and what it took."""


def plan_of(spec: dict[str, Any], binaries: Tools, is_optimised: bool = True, **other: Any) -> Plan:
    parsed = parse_spec(spec, Policy(roots=("/",)))
    sources = {given.id: given.source for given in parsed.spec.inputs}
    probed = {
        name: probe.probe(parse_uri(sources[name]).path, binaries)
        for name in needed_inputs(parsed.spec)
    }
    options = Options(ffmpeg_version=binaries.version, is_optimised=is_optimised, **other)
    return make_plan(parsed.spec, probed, options, parsed.warnings)


def render(
    spec: dict[str, Any],
    folder: Path,
    binaries: Tools,
    is_optimised: bool = True,
    looks_s: float = 0,
    **other: Any,
) -> Rendered:
    """Plan, run every step, verify every output as a worker would; outputs stay in `folder`.

    `looks_s`: how long outputs are compared with inputs, which workers do for 3 % of a run; `other`:
    further options of the plan.
    """
    plan, addresses = plan_of(spec, binaries, is_optimised, **other), Addresses.of(spec)
    outputs: dict[int, tuple[Path, MediaInfo, MediaInfo]] = {}
    measured: dict[str, Mapping[str, str]] = {}
    warnings: list[str] = []
    files: dict[int, list[Path]] = {}
    doubts: list[str] = []
    samples: list[Sample] = []
    for step in plan.steps:
        assert isinstance(step, CommandStep)
        began, outcomes, size = time.perf_counter(), list[Outcome](), 0
        place = step_command.Place(
            work_dir=str(folder),
            job_id="job_test",
            folder=workspace.attempt_dir(str(folder), "job_test", step.step_id, 1),
            finished={s.step_id: 1 for s in plan.steps},
            roots=("/",),
            measured=measured,
        )

        def run(
            values: Mapping[str, str],
            step: CommandStep = step,
            place: Place = place,
            outcomes: list[Outcome] = outcomes,
        ) -> Sequence[str]:
            measured[step.step_id] = values
            command = step_command.build(plan, step, addresses, binaries.ffmpeg, place)
            outcome = process.run(command.argv, cwd=place.folder, timeout_s=scaled(120))
            assert outcome.is_success, (command.argv, outcome.stderr_tail)
            outcomes.append(outcome)
            return outcome.stderr_tail

        maker = step_files.Maker(
            folder=place.folder,
            locate=lambda name, place=place: step_command.locate(addresses, name, place),  # type: ignore[misc]
            binaries=binaries,
            tick=lambda _: None,
        )
        step_files.write(step.files, maker)
        if isinstance(step, MeasureStep):
            operator = step_measure.operator_of(plan.operation(step.measures))
            found = step_measure.measure(operator, run)
            measured[step.step_id] = found.values
            warnings += [found.warning] if found.warning else []
            samples.append(_sample(step, outcomes, began, size))
            continue
        run({})
        command = step_command.build(plan, step, addresses, binaries.ffmpeg, place)
        for output in command.outputs:
            paths = [Path(path) for path, _ in output.written()]
            seen = probe.probe(str(paths[-1]), binaries)
            verify(output.planned, seen)
            if seen.duration_ms:
                doubts += pace.check(output.planned, seen, pace.read(str(paths[-1]), binaries))
                made, sources = Side(path=str(paths[-1]), info=seen), sources_of(plan, spec)
                means = Means(tools=binaries, folder=place.folder, budget_s=looks_s)
                doubts += spot_check.check(made, output.traces, sources, means)
            assert not output.is_numbered or len(paths) == output.images, paths
            outputs[output.index] = (paths[0], output.planned, seen)
            files[output.index] = paths
            size += sum(path.stat().st_size for path in paths)
        samples.append(_sample(step, outcomes, began, size))
    ordered = [outputs[index] for index in sorted(outputs)]
    return Rendered(
        plan=plan,
        paths=[path for path, _, _ in ordered],
        planned=[planned for _, planned, _ in ordered],
        found=[found for _, _, found in ordered],
        warnings=warnings,
        files=files,
        doubts=doubts,
        samples=samples,
    )


def sources_of(plan: Plan, spec: dict[str, Any]) -> dict[str, Side]:
    """The inputs of a plan, by id."""
    sources = Addresses.of(spec).sources
    return {
        name: Side(path=parse_uri(sources[name]).path, info=node.media_info)
        for name, node in plan.inputs.items()
    }


def _sample(step: Step, outcomes: Sequence[Outcome], began: float, size: int) -> Sample:
    used = Estimates(
        cpu_ms=sum(one.usage.cpu_ms for one in outcomes),
        wall_ms=round(1000 * (time.perf_counter() - began)),
        peak_memory_bytes=max(one.usage.peak_memory_bytes for one in outcomes),
        output_bytes=size,
    )
    return Sample(work=step.work, used=used)


def run_script(script: str, ffmpeg: str, folder: Path, seconds: float) -> None:
    """Run the shell script of a plan with this FFmpeg, for which a link is made in `folder`.

    Raises: AssertionError; subprocess.TimeoutExpired, with nothing left of it.
    """
    link = folder / "ffmpeg"
    if not link.is_symlink():
        link.symlink_to(ffmpeg)
    child = subprocess.Popen(
        ["sh"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={"PATH": f"{folder}:/usr/bin:/bin"}, start_new_session=True,
    )  # fmt: skip
    try:
        _, said = child.communicate(script, timeout=scaled(seconds))
        assert child.returncode == 0, said[-2000:]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
