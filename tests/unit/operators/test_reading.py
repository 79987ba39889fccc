from dataclasses import dataclass

from operators.parameters import Int, String
from operators.problem import Code
from operators.reading import as_problems, declared, param, plain_fields, read_fields


@dataclass(frozen=True, kw_only=True)
class Box:
    width: int = param(Int(min=1), "How wide")
    label: str = param(String(), "What it says", default="none")


def test_defaults_are_filled_in() -> None:
    assert read_fields(Box, {"width": "3"}) == ({"width": 3, "label": "none"}, [])


def test_null_means_unset_where_there_is_a_default() -> None:
    values, findings = read_fields(Box, {"width": 1, "label": None})
    assert (values["label"], findings) == ("none", [])


def test_all_findings_come_together() -> None:
    values, findings = read_fields(Box, {"label": 5, "witdh": 1})
    problems = as_problems(findings, "/boxes/0", Code.INVALID_INPUT)
    assert values == {}
    assert [(p.pointer, p.code) for p in problems] == [
        ("/boxes/0/witdh", "UNKNOWN_FIELD"),
        ("/boxes/0/width", "INVALID_INPUT"),
        ("/boxes/0/label", "INVALID_INPUT"),
    ]
    assert problems[0].suggestion == 'Did you mean "width"?'


def test_something_else_than_an_object_is_one_finding() -> None:
    assert [f.message for f in read_fields(Box, [])[1]] == ["must be an object"]


def test_declarations_describe_themselves() -> None:
    described = declared(Box)["width"].to_json()
    assert (described["type"], described["required"], described["rules"]) == (
        "int",
        True,
        {"min": 1},
    )
    assert plain_fields(Box(width=2)) == {"width": 2, "label": "none"}
