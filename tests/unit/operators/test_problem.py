"""Tests of operators/problem.py: what a finding says, and from where it is seen."""

from operators.problem import Code, Invalid, Problem


def test_a_finding_keeps_its_place_when_its_document_is_part_of_another() -> None:
    found = Problem(code=Code.INVALID_INPUT, message="must be positive", pointer="/start")
    assert found.below("/operations/0").pointer == "/operations/0/start"
    assert found.below("").to_json() == {
        "pointer": "/start",
        "code": "INVALID_INPUT",
        "message": "must be positive",
        "suggestion": None,
    }


def test_every_finding_is_in_the_sentence_of_the_exception() -> None:
    found = Invalid(
        Problem(code=Code.INVALID_INPUT, message=text, pointer=f"/{text}") for text in "ab"
    )
    assert str(found) == "/a: a; /b: b"
    assert len(found.problems) == 2
