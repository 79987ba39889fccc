"""Media elsewhere: steps that fetch and send, and what may be read and written at all."""

import subprocess
from pathlib import Path

import pytest

from operators.problem import Invalid
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.plan import Plan
from planner.plan.addresses import Addresses
from planner.policy import Policy
from planner.script import as_script
from planner.spec import LimitsSpec
from tests.helpers.infos import clip
from tests.helpers.specs import job, op

POLICY = Policy(roots=("/m",), prefixes=("bucket/acme", "open"))


def plan(spec: dict, **options: object) -> Plan:  # type: ignore[type-arg]
    parsed = parse_spec(spec, POLICY)
    made = Options(ffmpeg_version="9.0", limits=POLICY.tightened(LimitsSpec()), **options)  # type: ignore[arg-type]
    probed = dict.fromkeys(needed_inputs(parsed.spec), clip(size_bytes=50_000_000))
    return make_plan(parsed.spec, probed, made)


REMOTE = job("https://cdn.example/in.mp4?token=1", op("scale", "src", "small", width=64),
             small={"destination": "s3://bucket/acme/out.mp4"})  # fmt: skip


def test_fetch_work_send() -> None:
    made = plan(REMOTE)
    assert [(s.step_id, s.kind, s.stage, s.depends_on) for s in made.steps] == [
        ("s1", "transfer", 0, ()),
        ("s2", "ffmpeg", 1, ("s1",)),
        ("s3", "transfer", 2, ("s2",)),
    ]
    assert made.steps[0].argv == ("fetch", "{source:src}", "{work}/media")
    assert "{in:src}" in made.steps[1].argv
    assert made.steps[2].argv == ("upload", "{step:s2}/out0", "{destination:0}")
    assert made.steps[0].estimates.disk_bytes == 50_000_000
    assert made.estimates.disk_bytes > 50_000_000


def test_local_media_need_no_transfers() -> None:
    made = plan(job("file:///m/a.mp4", op("scale", "src", "s", width=64), s="/m/b.mp4"))
    assert [step.kind for step in made.steps] == ["ffmpeg"]


def test_a_source_that_is_given_twice_is_fetched_once() -> None:
    spec = job("https://cdn.example/a.mp4")
    spec["inputs"].append({"id": "again", "source": "https://cdn.example/a.mp4"})
    spec["inputs"].append({"id": "other", "source": "https://cdn.example/b.mp4"})
    spec["operations"] = [
        {
            "op": "concat",
            "inputs": ["src", "again", "other"],
            "output": "all",
            "params": {"mode": "reencode"},
        }
    ]
    spec["outputs"] = [{"id": "all", "destination": "file:///m/o.mp4"}]
    made = plan(spec)
    assert [step.nodes for step in made.steps[:2]] == [
        ("input_src", "input_again"),
        ("input_other",),
    ]
    assert made.steps[2].depends_on == ("s1", "s2")


def test_lists_and_captions_wait_for_what_they_are_made_from() -> None:
    spec = job("https://cdn.example/a.mp4")
    spec["inputs"].append({"id": "two", "source": "https://cdn.example/b.mp4"})
    spec["operations"] = [{"op": "concat", "inputs": ["src", "two"], "output": "all"}]
    spec["outputs"] = [{"id": "all", "destination": "file:///m/o.mp4"}]
    made = plan(spec)
    assert made.steps[2].files, "it is copied by a list of files"
    assert made.steps[2].depends_on == ("s1", "s2")


@pytest.mark.parametrize("is_optimised", [True, False])
def test_every_step_comes_after_those_that_it_waits_for(is_optimised: bool) -> None:
    spec = job("https://cdn.example/a.mp4", op("loudnorm", "src", "even"), op("scale", "even", "s", width=64),
               s={"destination": "s3://open/a.mp4"}, even={"destination": "s3://open/b.mp4"})  # fmt: skip
    seen: set[str] = set()
    for step in plan(spec, is_optimised=is_optimised).steps:
        assert seen.issuperset(step.depends_on)
        seen.add(step.step_id)


def test_the_script_fetches_and_sends(tmp_path: Path) -> None:
    script = as_script(plan(REMOTE), Addresses.of(REMOTE), "fonts")
    assert """curl -fsSL -o "$work"/s1/media 'https://cdn.example/in.mp4?token=1'""" in script
    assert "aws s3 cp --recursive --exclude '*' --include 'out*'" in script
    assert '-i file:"$work"/s1/media' in script
    path = tmp_path / "run.sh"
    path.write_text(script)
    subprocess.run(["sh", "-n", str(path)], check=True)


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("s3://bucket/acme/in.mp4", None), ("s3://open/x", None), ("https://cdn.example/a", None),
        ("http://cdn.example:8080/a?b=c#d", None),
        ("s3://bucket/other/in.mp4", "INPUT_OUTSIDE_ROOTS"), ("s3://bucket/acmes/x", "INPUT_OUTSIDE_ROOTS"),
        ("s3://bucket/acme/../other/x", "INVALID_INPUT"), ("s3://bucket/acme/", "INVALID_INPUT"),
        ("s3://bucket/acme//x", "INVALID_INPUT"), ("s3://bucket", "INVALID_INPUT"), ("s3:///x", "INVALID_INPUT"),
        ("s3://bucket/acme/" + "x" * 1025, "INVALID_INPUT"),
        ("http://127.0.0.1/x", "SSRF_BLOCKED"), ("http://[::1]:80/x", "SSRF_BLOCKED"),
        ("http://localhost/x", "SSRF_BLOCKED"), ("http://LOCALHOST./x", "SSRF_BLOCKED"),
        ("http://u:p@cdn.example/x", "INVALID_INPUT"), ("http://cdn.example:99999/x", "INVALID_INPUT"),
        ("ftp://cdn.example/x", "INVALID_INPUT"), ("concat:a|b", "INVALID_INPUT"), ("data:x", "INVALID_INPUT"),
    ],
)  # fmt: skip
def test_sources(uri: str, code: str | None) -> None:
    assert [problem.code for problem in POLICY.check_source(uri, "/x")] == ([code] if code else [])


@pytest.mark.parametrize(
    "uri",
    [
        "https://cdn.example/a.mp4",
        "s3://bucket/other/a.mp4",
        f"file:///m/{'x' * 252}.mp4",
        f"file:///m/{'é' * 128}/a.mp4",
    ],
)
def test_destinations_that_are_refused(uri: str) -> None:
    with pytest.raises(Invalid):
        parse_spec(job("file:///m/a.mp4", src={"destination": uri, "format": "mp4"}), POLICY)
    assert (
        Policy(roots=("/m",)).check_destination("s3://bucket/x", "/x")[0].code == "INVALID_OUTPUT"
    )
