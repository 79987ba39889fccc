"""Tests of operators/problem.py: what a finding says, and from where it is seen."""

import pytest

from operators.problem import Code, Invalid, Problem, did_you_mean


def test_a_finding_keeps_its_place_when_its_document_is_part_of_another() -> None:
    found = Problem(code=Code.INVALID_INPUT, message="must be positive", pointer="/start")
    assert found.below("/operations/0").pointer == "/operations/0/start"
    assert found.below("").to_json() == {
        "pointer": "/start",
        "code": "INVALID_INPUT",
        "message": "must be positive",
        "suggestion": None,
    }
    assert Problem.from_json(found.to_json()) == found


def test_every_finding_is_in_the_sentence_of_the_exception() -> None:
    found = Invalid(
        Problem(code=Code.INVALID_INPUT, message=text, pointer=f"/{text}") for text in "ab"
    )
    assert str(found) == "/a: a; /b: b"
    assert len(found.problems) == 2


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("scal", ["scale", "trim"], 'Did you mean "scale"?'),
        ("q", ["scale", "trim"], "Known: scale, trim."),
        ("q", [f"name{n}" for n in range(30)], None),
        ("Watermark", ["overlay", "waveform"], 'Did you mean "overlay"?'),
        ("tar", ["target_lufs", "target_tp"], 'Did you mean "target_lufs" or "target_tp"?'),
    ],
)
def test_suggestions(word: str, known: list[str], said: str | None) -> None:
    assert did_you_mean(word, known) == said
