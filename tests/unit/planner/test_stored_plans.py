"""Plans that are read back: of this version, of earlier ones, of later ones."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from operators.media import MediaInfo
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.plan import (
    CaptionFile,
    CommandStep,
    ConcatList,
    FetchStep,
    MeasureStep,
    Part,
    Plan,
    TextFile,
    UploadStep,
)
from planner.plan.addresses import Addresses
from planner.plan.versions import VERSION, NewerPlan
from planner.policy import Policy
from planner.script import as_script
from tests.helpers import dags
from tests.helpers.infos import clip, sound_only

CASES = sorted(Path(__file__).parent.joinpath("cases", "stored").glob("*.json"))
SOURCES = {"film": clip().lasting(100_000), "tone": sound_only()}
_FILES = {name: Path("/m", name) for name in SOURCES}
_SOME = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)


def made(spec: dict[str, Any], probed: dict[str, MediaInfo]) -> Plan:
    parsed = parse_spec(spec, Policy(roots=("/",)))
    used = {name: probed[name] for name in needed_inputs(parsed.spec)}
    return make_plan(parsed.spec, used, Options(ffmpeg_version="9"), parsed.warnings)


@_SOME
@given(dags.jobs(_FILES, SOURCES, 12))
def test_a_stored_plan_is_read_back_as_it_was(spec: dict[str, Any]) -> None:
    plan = made(spec, SOURCES)

    stored = json.loads(json.dumps(plan.to_json()))

    assert stored["version"] == VERSION
    assert Plan.from_json(stored).to_json() == stored
    assert Plan.from_json(stored).steps == plan.steps


def case(name: str) -> Plan:
    (path,) = (path for path in CASES if path.stem == f"version-1-{name}")
    return Plan.from_json(json.loads(path.read_text())["plan"])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_an_old_plan_has_the_commands_that_it_had(path: Path) -> None:
    stored = json.loads(path.read_text())

    plan = Plan.from_json(stored["plan"])

    assert [list(step.argv) for step in plan.steps] == [
        step["argv"] for step in stored["plan"]["steps"]
    ]
    assert plan.plan_id == stored["plan"]["plan_id"]
    assert Plan.from_json(plan.to_json()) == plan
    assert "\nset -eu\n" in as_script(plan, Addresses.of(stored["spec"]), "/fonts")


def test_an_old_plan_has_steps_of_all_kinds() -> None:
    plan = case("fused")

    measures = [step.measures for step in plan.steps if isinstance(step, MeasureStep)]
    assert measures == ["op_0_loudnorm"]
    (step,) = (s for s in plan.steps if isinstance(s, CommandStep) and 0 in s.outputs)
    assert {type(file) for file in step.files.values()} == {TextFile, ConcatList}
    assert plan.outputs[2].images == 3
    assert plan.sidecars >= {"out3.vtt"}


def test_an_old_plan_knows_what_is_fetched_and_sent() -> None:
    plan = case("part")

    fetch, _, upload = plan.steps
    assert isinstance(fetch, FetchStep)
    assert (fetch.input, fetch.part) == ("src", Part(start=0.0, end=0.8))
    assert isinstance(upload, UploadStep)
    assert (upload.output, upload.from_step) == (0, "s2")
    assert plan.fetched_by == {"src": fetch}
    assert [plan.reads(step) for step in plan.steps] == [[], ["s1"], ["s2"]]


def test_an_old_plan_knows_its_captions() -> None:
    plan = case("captions")

    files = [f for s in plan.steps if isinstance(s, CommandStep) for f in s.files.values()]
    (captions,) = files
    assert isinstance(captions, CaptionFile)
    assert captions.inputs == ("subs",)


def test_a_plan_of_a_later_version_is_refused() -> None:
    stored = {**made({**_SPEC}, {"src": clip()}).to_json(), "version": VERSION + 1}

    with pytest.raises(NewerPlan, match=f"version {VERSION + 1}"):
        Plan.from_json(stored)


_SPEC: dict[str, Any] = {
    "inputs": [{"id": "src", "source": "file:///m/in.mp4"}],
    "operations": [],
    "outputs": [{"id": "src", "destination": "file:///m/out.mkv"}],
}
