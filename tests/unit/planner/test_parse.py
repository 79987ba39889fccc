import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.problem import Invalid, Problem
from planner.parse import parse_spec
from planner.policy import Policy

POLICY = Policy(roots=("/media",))
GOOD: dict[str, Any] = {
    "inputs": [{"id": "src", "source": "file:///media/in.mp4"}],
    "operations": [
        {"op": "trim", "input": "src", "output": "cut", "params": {"start": 1, "end": 3}},
        {"op": "scale", "input": "cut", "output": "small", "params": {"width": "640"}},
    ],
    "outputs": [{"id": "small", "destination": "file:///media/out.mp4"}],
}


def problems(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        parse_spec(document, POLICY)
    return [(p.pointer, p.code.value) for p in caught.value.problems]


def changed(**paths: Any) -> dict[str, Any]:
    """GOOD with some places changed: `inputs__0__source="x"`."""
    document = copy.deepcopy(GOOD)
    for path, value in paths.items():
        *parents, last = (int(part) if part.isdigit() else part for part in path.split("__"))
        place: Any = document
        for parent in parents:
            place = place[parent]
        if isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return document


def test_a_good_spec_is_read() -> None:
    parsed = parse_spec(GOOD, POLICY)
    assert parsed.warnings == ()
    assert (parsed.spec.priority, parsed.spec.timeout, parsed.spec.debug) == (5, 1800, False)
    assert [op.operator.name for op in parsed.spec.operations] == ["trim", "scale"]


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ({"priority": 11}, [("/priority", "INVALID_JOB_SPEC")]),
        ({"timeout": "90"}, [("/timeout", "INVALID_JOB_SPEC")]),
        ({"tagz": {}}, [("/tagz", "UNKNOWN_FIELD")]),
        ({"tags": {"a": 1}}, [("/tags/a", "INVALID_JOB_SPEC")]),
        ({"plan_id": "plan_1"}, [("/plan_id", "INVALID_JOB_SPEC")]),
        ({"inputs": []}, [("/inputs", "INVALID_JOB_SPEC"), ("/operations/0/input", "INVALID_REFERENCE")]),
        ({"outputs": []}, [("/outputs", "INVALID_JOB_SPEC")]),
        ({"inputs__0__id": "1a"}, [("/inputs/0/id", "INVALID_INPUT"), ("/operations/0/input", "INVALID_REFERENCE")]),
        ({"inputs__0__source": "file:///etc/passwd"}, [("/inputs/0/source", "INPUT_OUTSIDE_ROOTS")]),
        ({"inputs__0__source": "file:///media/../etc/passwd"}, [("/inputs/0/source", "INPUT_OUTSIDE_ROOTS")]),
        ({"inputs__0__source": "file:///media/%2e%2e/x"}, [("/inputs/0/source", "INPUT_OUTSIDE_ROOTS")]),
        ({"inputs__0__source": "file:///mediaother/x"}, [("/inputs/0/source", "INPUT_OUTSIDE_ROOTS")]),
        ({"inputs__0__source": "/media/in.mp4"}, [("/inputs/0/source", "INVALID_INPUT")]),
        ({"inputs__0__source": "ftp://host/x"}, [("/inputs/0/source", "INVALID_INPUT")]),
        ({"inputs__0__source": "concat:/media/a|/media/b"}, [("/inputs/0/source", "INVALID_INPUT")]),
        ({"inputs__0__source": 5}, [("/inputs/0/source", "INVALID_INPUT")]),
        ({"inputs__0__format": "hls"}, [("/inputs/0/format", "INVALID_INPUT")]),
        ({"inputs__1": {"id": "src", "source": "file:///media/b.mp4"}}, [("/inputs/1/id", "DUPLICATE_ID")]),
        ({"operations__1__output": "cut"}, [
            ("/operations/1/output", "DUPLICATE_ID"), ("/outputs/0/id", "INVALID_REFERENCE"),
            ("/operations", "CYCLIC_DEPENDENCY"),
        ]),
        ({"operations__0__op": "trimm"}, [("/operations/0/op", "UNKNOWN_OPERATOR")]),
        ({"operations__0__params": {"starts": 1}}, [("/operations/0/params/starts", "UNKNOWN_PARAMETER")]),
        ({"operations__0__params": []}, [("/operations/0/params", "INVALID_OPERATION")]),
        ({"operations__0__input": "nobody"}, [("/operations/0/input", "INVALID_REFERENCE")]),
        ({"operations__0__input": "src:x"}, [
            ("/operations/0/input", "INVALID_OPERATION"), ("/operations/0", "INVALID_OPERATION"),
        ]),
        ({"operations__1__input": "cut:a"}, [("/operations/1/input", "INVALID_REFERENCE")]),
        ({"operations__0__inputs": ["src"]}, [("/operations/0", "INVALID_OPERATION")]),
        ({"operations__0": {"op": "trim", "inputs": ["src", "src"], "output": "cut"}}, [("/operations/0", "INVALID_OPERATION")]),
        ({"operations__0__input": None}, [("/operations/0", "INVALID_OPERATION")]),
        ({"operations__0__input": "cut"}, [("/operations", "CYCLIC_DEPENDENCY")]),
        ({"operations__0__input": "small"}, [("/operations", "CYCLIC_DEPENDENCY")]),
        ({"outputs__0__id": "gone"}, [("/outputs/0/id", "INVALID_REFERENCE")]),
        ({"outputs__0__destination": "file:///media/out"}, [("/outputs/0/destination", "INVALID_OUTPUT")]),
        ({"outputs__0__destination": "https://host/out.mp4"}, [("/outputs/0/destination", "INVALID_OUTPUT")]),
        ({"outputs__0__destination": "file:///tmp/out.mp4"}, [("/outputs/0/destination", "INPUT_OUTSIDE_ROOTS")]),
        ({"outputs__1": {"id": "cut", "destination": "file:///media/./out.mp4"}}, [("/outputs/1/destination", "INVALID_OUTPUT")]),
        ({"outputs__0__destination": "file:///media//in.mp4"}, [("/outputs/0/destination", "INVALID_OUTPUT")]),
        ({"timeout": 1e300}, [("/timeout", "INVALID_JOB_SPEC")]),
        ({"operations__0__params": {"start": 1e30}}, [("/operations/0/params/start", "INVALID_OPERATOR_PARAMS")]),
        ({"outputs__0__codec": {"video": {"codec": "vp9"}, "audio": "none"}}, []),
        ({"outputs__0__codec": {"video": {"codec": "vp8"}}}, [("/outputs/0/codec/video/codec", "CODEC_NOT_IN_CONTAINER")]),
        ({"outputs__0__codec": {"video": {"codec": "libx264", "crf": 60}}}, [("/outputs/0/codec/video/crf", "INVALID_OUTPUT")]),
        ({"outputs__0__codec": {"video": {"crf": 20, "bitrate": "1M"}}}, [("/outputs/0/codec/video/crf", "INVALID_OUTPUT")]),
        ({"outputs__0__codec": {"video": {"codec": "av1", "profile": "high"}}}, [("/outputs/0/codec/video/profile", "INVALID_OUTPUT")]),
        ({"outputs__0__codec": {"video": "fast"}}, [("/outputs/0/codec/video", "INVALID_OUTPUT")]),
        ({"outputs__0__codec": {"audio": {"bitrate": "lots"}}}, [("/outputs/0/codec/audio/bitrate", "INVALID_OUTPUT")]),
        ({"outputs__0__codec": {"video": {"fps": "0/1"}}}, [("/outputs/0/codec/video/fps", "INVALID_OUTPUT")]),
        ({"outputs__0__format": "mp3", "outputs__0__codec": {"video": {"codec": "h264"}}}, [("/outputs/0/codec/video", "CODEC_NOT_IN_CONTAINER")]),
        ({"outputs__0__metadata": {"title\n": "x"}}, [("/outputs/0/metadata", "INVALID_OUTPUT")]),
        ({"limits": {"max_duration": "3h"}}, [("/limits/max_duration", "RESOURCE_LIMIT_EXCEEDED")]),
        ({"limits": {"max_resolution": "7680x4320", "max_output_size": 10}}, [("/limits/max_resolution", "RESOURCE_LIMIT_EXCEEDED")]),
    ],
)  # fmt: skip
def test_every_wrong_place_is_named(paths: dict[str, Any], found: list[tuple[str, str]]) -> None:
    document = changed(**paths)
    if found:
        assert problems(document) == found
    else:
        parse_spec(document, POLICY)


def test_a_cycle_is_printed() -> None:
    with pytest.raises(Invalid, match="cut -> small -> cut"):
        parse_spec(changed(operations__0__input="small"), POLICY)


def test_references_may_point_forwards() -> None:
    document = changed()
    document["operations"].reverse()
    assert len(parse_spec(document, POLICY).spec.operations) == 2


def test_what_leads_nowhere_is_a_warning() -> None:
    document = changed(
        inputs__1={"id": "idle", "source": "file:///media/b.mp4"},
        operations__2={"op": "trim", "input": "src", "output": "lost"},
    )
    found = [(w.pointer, w.code) for w in parse_spec(document, POLICY).warnings]
    assert found == [("/operations/2", "UNREACHABLE_NODE"), ("/inputs/1", "UNREACHABLE_NODE")]


@pytest.mark.parametrize(
    "document", [None, [], "x", 5, {"inputs": 5}, {"inputs": [None], "outputs": [5]}]
)
def test_whatever_is_sent_gets_an_answer(document: Any) -> None:
    assert problems(document)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
places = st.sampled_from(
    ["inputs", "inputs__0", "inputs__0__id", "inputs__0__source", "operations", "operations__0",
     "operations__0__params", "operations__1__params__width", "operations__1__input", "outputs__0",
     "outputs__0__codec", "outputs__0__id", "outputs__0__destination", "limits", "tags", "timeout"]
)  # fmt: skip


def found(document: Any) -> tuple[Problem, ...]:
    try:
        parse_spec(document, POLICY)
    except Invalid as invalid:
        return invalid.problems
    return ()


@given(places, json_values)
def test_any_value_anywhere_is_taken_or_refused(place: str, value: Any) -> None:
    for problem in found(changed(**{place: value})):
        assert problem.message
        assert not problem.pointer or problem.pointer.startswith("/")


def test_an_answer_is_bounded_whatever_was_sent() -> None:
    spec = copy.deepcopy(GOOD)
    spec["operations"] = [
        {
            "op": "scale",
            "input": "src",
            "output": f"o{n}",
            "params": {f"p{m}": 1 for m in range(50)},
        }
        for n in range(100)
    ]
    with pytest.raises(Invalid) as refused:
        parse_spec(spec, POLICY)
    problems = refused.value.problems
    assert len(problems) == 501
    assert "problems more" in problems[-1].message


def test_operations_that_read_too_much_are_refused_before_they_are_looked_at() -> None:
    spec = copy.deepcopy(GOOD)
    spec["operations"] = [
        {"op": "concat", "inputs": ["nobody"] * 500, "output": f"o{n}"} for n in range(5)
    ]
    with pytest.raises(Invalid, match="2500 inputs in all; 2000 are the most"):
        parse_spec(spec, POLICY)
