"""When one command becomes several: forks over workers, and graphs that are too large."""

from pathlib import Path
from typing import Any

import pytest

from operators.media import MediaInfo
from planner.diagram import as_mermaid
from planner.draft import Fleet
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.plan import MeasureStep, Plan
from planner.policy import Policy
from tests.helpers.infos import clip
from tests.helpers.specs import job, joined, op

POLICY = Policy(roots=("/m",))
HOUR = clip().lasting(3_600_000)


def plan(spec: dict[str, Any], fleet: Fleet, info: MediaInfo = HOUR) -> Plan:
    parsed = parse_spec(spec, POLICY)
    probed = dict.fromkeys(needed_inputs(parsed.spec), info)
    return make_plan(parsed.spec, probed, Options(ffmpeg_version="9.0", fleet=fleet))


def ladder(*heights: int, preset: str = "slow") -> dict[str, Any]:
    """A cut, then as many sizes of it."""
    spec = job(
        "file:///m/in.mp4",
        op("trim", "src", "cut", start=1),
        *(op("scale", "cut", f"r{height}", height=height) for height in heights),
        **{f"r{height}": f"/m/{height}.mp4" for height in heights},
    )
    for output in spec["outputs"]:
        output["codec"] = {"video": {"codec": "h264", "preset": preset}}
    return spec


def written(made: Plan) -> list[list[str]]:
    """The outputs of each step."""
    return [[name for name in step.nodes if name.startswith("output_")] for step in made.steps]


@pytest.mark.parametrize(
    "fleet",
    [
        Fleet(slots=1, cores=2),  # one slot: side by side is one after the other
        Fleet(slots=8, cores=8),  # one machine: its cores are busy either way
        Fleet(slots=8, cores=2, forks="together"),
    ],
)
def test_a_ladder_stays_together_where_apart_is_no_faster(fleet: Fleet) -> None:
    assert len(plan(ladder(720, 480, 360, 240), fleet).steps) == 1


def test_a_long_ladder_is_split_over_machines() -> None:
    made = plan(ladder(720, 480, 360, 240), Fleet(slots=4, cores=2))
    assert written(made) == [["output_0"], ["output_1"], ["output_2", "output_3"]]
    assert all(step.depends_on == () for step in made.steps)
    assert "side by side" in made.steps[0].reason


def test_what_is_cheap_or_short_is_not_worth_decoding_again() -> None:
    fleet = Fleet(slots=4, cores=2)
    assert len(plan(ladder(720, 480, 360), fleet, clip()).steps) == 1
    thumbnails = ladder(48, 36, 24, preset="ultrafast")
    assert len(plan(thumbnails, fleet).steps) == 1


def test_apart_every_output_has_a_command_with_all_that_it_needs() -> None:
    made = plan(ladder(480, 240), Fleet(forks="apart"))
    assert [step.nodes for step in made.steps] == [
        ("op_0_trim", "op_1_scale", "output_0"),
        ("op_0_trim", "op_2_scale", "output_1"),
    ]
    drawn = as_mermaid(made)
    assert drawn.count('"op_0_trim"') == 1


def test_what_several_commands_need_measured_is_measured_once() -> None:
    spec = ladder(480, 240)
    spec["operations"].insert(1, op("loudnorm", "cut", "loud"))
    for operation in spec["operations"][2:]:
        operation["input"] = "loud"
    made = plan(spec, Fleet(forks="apart"))
    first = made.steps[0]
    assert isinstance(first, MeasureStep)
    assert first.measures == "op_1_loudnorm"
    assert [step.type for step in made.steps] == ["measure", "ffmpeg", "ffmpeg"]
    assert [step.depends_on for step in made.steps] == [(), ("s1",), ("s1",)]


def test_a_plan_does_not_depend_on_what_was_learnt() -> None:
    fleet = Fleet(slots=4, cores=2)
    assert plan(ladder(720, 480), fleet).plan_id == plan(ladder(720, 480), fleet).plan_id


def chain(length: int) -> dict[str, Any]:
    names = ["src", *(f"o{n}" for n in range(length))]
    return job(
        "file:///m/in.mp4",
        *(op("drawtext", names[n], names[n + 1], text=str(n)) for n in range(length)),
        **{names[-1]: "/m/o.mp4"},
    )


def test_a_graph_of_over_300_filters_is_cut_and_each_part_waits_for_the_one_before() -> None:
    made = plan(chain(450), Fleet())
    assert [len(step.nodes) for step in made.steps] == [300, 151]
    assert [step.depends_on for step in made.steps] == [(), ("s1",)]
    assert made.steps[0].argv[-1] == "{work}/op_299_drawtext.nut"
    assert "over 300 filters" in made.steps[0].reason
    # sound that nothing touches does not go through the parts
    assert made.steps[1].argv.count("-i") == 2


def test_branches_of_a_large_graph_stay_together_so_that_little_crosses() -> None:
    names = [[f"b{branch}_{n}" for n in range(200)] for branch in range(2)]
    operations = [
        op("drawtext", names[branch][n - 1] if n else "src", names[branch][n], text=f"{branch} {n}")
        for n in range(200)
        for branch in range(2)
    ]
    spec = job("file:///m/in.mp4", *operations, b0_199="/m/a.mp4", b1_199="/m/b.mp4")
    made = plan(spec, Fleet())
    assert sum(".nut" in word for step in made.steps for word in step.argv) == 2
    assert len(made.steps) == 2


def test_naive_plans_have_no_step_that_writes_nothing() -> None:
    """Two operations behind each other of which the sound alone is taken: their pictures go nowhere."""
    spec = job(
        "file:///m/in.mp4",
        op("scale", "src", "small", width=320),
        op("rotate", "small", "turned", angle=90),
        **{"turned:a": "/m/o.m4a"},
    )
    parsed = parse_spec(spec, POLICY)
    options = Options(ffmpeg_version="9.0", is_optimised=False)
    made = make_plan(parsed.spec, {"src": clip()}, options)
    assert all("-map" in step.argv for step in made.steps)


def test_a_join_of_many_files_is_not_cut_where_that_opens_no_fewer() -> None:
    spec = joined(
        "concat",
        [Path(f"/m/{n}.mp4") for n in range(60)],
        {"destination": "file:///m/o.mp4"},
        mode="reencode",
    )
    parsed = parse_spec(spec, POLICY)
    probed = {f"i{n}": clip() for n in range(60)}
    made = make_plan(parsed.spec, probed, Options(ffmpeg_version="9.0"))
    assert len(made.steps) == 1


def test_what_is_handed_from_part_to_part_takes_disk_once_and_is_no_output() -> None:
    first, second = plan(chain(450), Fleet(), clip()).steps
    assert first.estimates.disk_bytes > first.estimates.output_bytes == 0
    assert second.estimates.disk_bytes == second.estimates.output_bytes
