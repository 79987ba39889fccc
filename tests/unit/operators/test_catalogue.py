"""Rules that hold for every operator of the catalogue."""

import json
from dataclasses import MISSING
from pathlib import Path
from typing import Any

import pytest

from operators import registry
from operators.capabilities import HasSidecar, MayClip, PacketCopy, PacketJoin, TwoPass
from operators.contract import Operator
from operators.glyphs import FILES, RANGES
from operators.parameters import ParamType
from operators.problem import Code
from operators.reading import Parameter, declared
from operators.text import missing
from tests.helpers import make_glyphs, make_operator_docs

CATALOGUE = {operator.name: operator for operator in registry.listed()}
SPECIFIED = set(
    """trim scale crop pad rotate fps volume fade loudnorm mix concat overlay drawtext subtitles thumbnail
    waveform combine xfade deinterlace""".split()
)


def good(operator: type[Operator]) -> dict[str, Any]:
    """Parameters that are fine together, with every required one."""
    return dict(operator.examples[0].params)


def alone(operator: type[Operator], name: str, value: object) -> dict[str, Any]:
    """Good parameters with one replaced, and those that exclude it left out."""
    excluded = {other for group in operator.one_of if name in group for other in group}
    params = {key: given for key, given in good(operator).items() if key not in excluded}
    if name in ("x", "y") and "position" in declared(operator):
        params["position"] = "custom"
    return {**params, name: value}


def wrong_values(kind: ParamType) -> list[object]:
    """One value for every kind of mistake that a type can be met with."""
    wrong: list[object] = [[], {}, "certainly not", True, None][: 5 if kind.kind != "bool" else 3]
    if kind.kind in ("array", "object"):
        wrong = ["text", 7, True]
    if kind.kind == "string":
        wrong = [[], {}, 7, True, "\0", "x" * 5000]
    for rule, shift in (("min", -1), ("max", 1)):
        bound = getattr(kind, rule, None)
        if bound is not None and kind.kind in ("int", "float"):
            wrong.append(float(bound) + shift if kind.kind == "float" else bound + shift)
    if kind.kind in ("duration", "timecode"):
        wrong += ["90", "-1s", -1, "1:99", "PT", "10s tail", ""]
    if kind.kind == "int":
        wrong += [1.5, "1.5", "12px"]
    if kind.kind == "float":
        wrong += ["NaN", "1e3", float("inf")]
    return wrong


CASES = [
    pytest.param(operator, parameter, value, id=f"{operator.name}-{name}-{json.dumps(value)[:20]}")
    for operator in registry.listed()
    for name, parameter in declared(operator).items()
    for value in wrong_values(parameter.type)
    if value is not None or parameter.default is MISSING
]


def test_the_catalogue_is_complete() -> None:
    assert set(CATALOGUE) == SPECIFIED


@pytest.mark.parametrize(("operator", "parameter", "value"), CASES)
def test_one_wrong_value_gives_one_precise_problem(
    operator: type[Operator], parameter: Parameter, value: object
) -> None:
    made, problems = operator.read(alone(operator, parameter.name, value), "/operations/3/params")
    assert made is None
    (problem,) = problems
    assert problem.pointer.startswith(f"/operations/3/params/{parameter.name}")
    assert problem.code is Code.INVALID_OPERATOR_PARAMS
    assert 5 < len(problem.message) < 250


@pytest.mark.parametrize("operator", CATALOGUE.values(), ids=CATALOGUE)
def test_an_unknown_parameter_is_named_with_its_neighbour(operator: type[Operator]) -> None:
    _, problems = operator.read({**good(operator), "certainly_unknown": 1}, "/p")
    (problem,) = problems
    assert (problem.code, problem.pointer) == (Code.UNKNOWN_PARAMETER, "/p/certainly_unknown")
    assert problem.suggestion


@pytest.mark.parametrize("operator", CATALOGUE.values(), ids=CATALOGUE)
def test_parameters_survive_json(operator: type[Operator]) -> None:
    assert len(operator.examples) >= 2
    for example in operator.examples:
        made, problems = operator.read(dict(example.params), "")
        assert made is not None, problems
        again, _ = operator.read(json.loads(json.dumps(made.params())), "")
        assert again == made
        assert operator.name == "subtitles" or hash(again) == hash(made)  # its style is a map


@pytest.mark.parametrize(
    ("operator", "params", "at"),
    [
        ("trim", {"start": 3, "end": 2}, "end"),
        ("trim", {"duration": 1, "end": 2}, "end"),
        ("scale", {}, "width"),
        ("scale", {"width": 0}, "width"),
        ("pad", {}, "width"),
        ("pad", {"width": 10, "aspect": "1:1"}, "aspect"),
        ("pad", {"aspect": "wide"}, "aspect"),
        ("volume", {}, "gain_db"),
        ("volume", {"gain_db": 1, "volume": 1}, "volume"),
        ("mix", {"mode": "ducking", "weights": [1, 1, 1]}, "weights"),
        ("mix", {"weights": [1, 11]}, "weights/1"),
        ("overlay", {"x": 3}, "x"),
        ("overlay", {"start": 3, "end": 2}, "end"),
        ("drawtext", {"text": "a", "y": 3}, "y"),
        ("drawtext", {"text": "a", "start": 3, "end": 2}, "end"),
        ("drawtext", {"text": ""}, "text"),
        ("drawtext", {"text": "a", "font": "Comic Sans"}, "font"),
        ("thumbnail", {"time": 1, "count": 2}, "count"),
        ("thumbnail", {"columns": 2}, "columns"),
        ("subtitles", {"style": {"colour": "red"}}, "style"),
        ("subtitles", {"style": {"fontsize": "huge"}}, "style"),
        ("fps", {"fps": "30000/0"}, "fps"),
        ("fps", {"fps": 241}, "fps"),
    ],
)
def test_rules_between_parameters(operator: str, params: dict[str, Any], at: str) -> None:
    made, problems = CATALOGUE[operator].read(params, "")
    assert made is None
    assert [problem.pointer for problem in problems] == [f"/{at}"]


def test_a_missing_glyph_is_named_with_its_range() -> None:
    _, problems = CATALOGUE["drawtext"].read({"text": "a \U00013000 b", "font": "DejaVu Sans"}, "")
    (problem,) = problems
    assert "U+13000–U+1307F" in problem.message
    assert CATALOGUE["drawtext"].read({"text": "日本語 and 한국어"}, "")[0] is not None
    assert CATALOGUE["drawtext"].read({"text": "日本語", "font": "DejaVu Sans"}, "")[0] is None


def test_what_is_not_drawn_needs_no_glyph() -> None:
    assert not missing("DejaVu Sans", "line\nbreak \u200b\ufe0f")
    assert missing("DejaVu Sans", "日a日") == ["日"]


def test_the_glyph_table_is_that_of_the_bundled_fonts() -> None:
    assert make_glyphs.FONTS == FILES
    for name, file in FILES.items():
        assert RANGES[name] == make_glyphs.ranges(make_glyphs.code_points(file))


def test_the_documentation_is_that_of_the_operators() -> None:
    assert Path("docs/operators.md").read_text() == make_operator_docs.written(), "run `make docs`"


CAPABILITIES = {
    TwoPass: {"loudnorm"},
    PacketCopy: {"trim"},
    PacketJoin: {"concat"},
    HasSidecar: {"thumbnail"},
    MayClip: {"volume", "mix"},
}


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda one: one.__name__)
def test_an_operator_has_a_capability_by_its_methods(capability: type) -> None:
    able = {
        name
        for name, kind in CATALOGUE.items()
        if isinstance(kind.read(kind.examples[0].params, "")[0], capability)
    }
    assert able == CAPABILITIES[capability]


def test_what_looks_at_any_number_of_frames_says_so() -> None:
    unbounded = {name for name, kind in CATALOGUE.items() if kind.looks_back is None}
    assert unbounded == {
        "combine", "concat", "loudnorm", "mix", "overlay", "thumbnail", "trim", "waveform", "xfade",
    }  # fmt: skip
