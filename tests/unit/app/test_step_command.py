from pathlib import Path
from typing import Any

import pytest

from app.errors import Failure
from app.services import step_command
from planner.make_plan import Options, make_plan
from planner.parse import parse_spec
from planner.plan import CommandStep
from planner.plan.addresses import Addresses
from planner.policy import Policy
from tests.helpers.infos import clip
from tests.helpers.specs import job, op


def build(
    tmp_path: Path, spec: dict[str, Any], step_id: str = "s1", **options: Any
) -> step_command.Command:
    plan = make_plan(
        parse_spec(spec, Policy(roots=("/",))).spec,
        {"src": clip()},
        Options(ffmpeg_version="9", **options),
    )
    place = step_command.Place(
        work_dir=str(tmp_path), job_id="job_1", folder=str(tmp_path / "job_1" / step_id / "2"),
        finished={"s1": 3, "s2": 1}, roots=("/",),
    )  # fmt: skip
    step = plan.step(step_id)
    assert isinstance(step, CommandStep)
    return step_command.build(plan, step, Addresses.of(spec), "/bin/ffmpeg", place)


def test_tokens_become_paths_and_are_shown_as_tokens(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    source.touch()
    command = build(tmp_path, job(source, op("scale", "src", "s", width=64), s="/m/o.mp4"))
    assert command.argv[0] == "/bin/ffmpeg"
    assert f"file:{source}" in command.argv
    assert command.argv[-1] == f"file:{tmp_path}/job_1/s1/2/out0"
    assert "{in:src}" in command.shown
    assert str(tmp_path) not in command.shown
    assert (
        command.redact(f"{source}: bad; {command.outputs[0].work_file}") == "{in:src}: bad; {out:0}"
    )
    assert command.expected_ms == 10_000


def test_a_users_text_is_never_a_token(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    source.touch()
    spec = job(
        source,
        src={"destination": "file:///m/o.mkv", "metadata": {"title": "{in:src}", "{work}": "x"}},
    )
    spec["outputs"][0]["metadata"].pop("{work}")
    assert "title={in:src}" in build(tmp_path, spec).argv


def test_intermediates_come_from_the_attempt_that_succeeded(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    source.touch()
    spec = job(source, op("scale", "src", "s", width=64), s="/m/o.mp4")
    argv = build(tmp_path, spec, "s2", is_optimised=False).argv
    assert f"file:{tmp_path}/job_1/s1/3/op_0_scale.nut" in argv


def test_a_source_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        build(tmp_path, job(tmp_path / "gone.mp4", src="/m/o.mkv"))
    assert caught.value.problems[0].pointer == "/inputs/0/source"
