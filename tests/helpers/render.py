"""Run a spec through planner and engine in this process: no database, no queue, real FFmpeg."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.engine import probe, process, workspace
from app.engine.tools import Tools
from app.engine.verify import verify
from app.services import step_command
from operators.media import MediaInfo
from planner.parse import parse_spec
from planner.plan import Options, ProcessingPlan, make_plan, needed_inputs
from planner.policy import Policy
from planner.uri import parse_uri


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The plan, and per output its path, what was planned and what was found."""

    plan: ProcessingPlan
    paths: list[Path]
    planned: list[MediaInfo]
    found: list[MediaInfo]


def plan_of(spec: dict[str, Any], binaries: Tools, is_optimised: bool = True) -> ProcessingPlan:
    parsed = parse_spec(spec, Policy(roots=("/",)))
    sources = {given.id: given.source for given in parsed.spec.inputs}
    probed = {
        name: probe.probe(parse_uri(sources[name]).path, binaries)
        for name in needed_inputs(parsed.spec)
    }
    options = Options(ffmpeg_version=binaries.version, is_optimised=is_optimised)
    return make_plan(parsed.spec, probed, options, parsed.warnings)


def render(
    spec: dict[str, Any], folder: Path, binaries: Tools, is_optimised: bool = True
) -> Rendered:
    """Plan, run every step, verify every output as a worker would; outputs stay in `folder`."""
    plan = plan_of(spec, binaries, is_optimised)
    outputs: dict[int, tuple[Path, MediaInfo, MediaInfo]] = {}
    for step in plan.steps:
        place = step_command.Place(
            work_dir=str(folder),
            job_id="job_test",
            folder=workspace.attempt_dir(str(folder), "job_test", step.step_id, 1),
            finished={s.step_id: 1 for s in plan.steps},
            roots=("/",),
        )
        command = step_command.build(plan.to_json(), spec, step.step_id, binaries.ffmpeg, place)
        outcome = process.run(command.argv, cwd=place.folder, timeout_s=120)
        assert outcome.is_success, (command.shown, outcome.stderr_tail)
        for output in command.outputs:
            found = probe.probe(output.work_file, binaries)
            verify(output.planned, found)
            outputs[output.index] = (Path(output.work_file), output.planned, found)
    ordered = [outputs[index] for index in sorted(outputs)]
    return Rendered(
        plan=plan,
        paths=[path for path, _, _ in ordered],
        planned=[planned for _, planned, _ in ordered],
        found=[found for _, _, found in ordered],
    )
