"""The tokens of commands: written and read by one grammar, never taken from a user's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.filtergraph import filter_value
from planner.plan.tokens import (
    ArgumentToken,
    FontFolderToken,
    FontToken,
    GraphToken,
    InputToken,
    MeasuredToken,
    OutputToken,
    StepToken,
    WorkToken,
    fill,
    parse,
    parts,
)

ARGUMENTS = [
    InputToken("talk"),
    StepToken("s12", "op_0_scale.nut"),
    WorkToken("op_1_concat.ffconcat"),
    OutputToken(0),
    OutputToken(11, is_numbered=True),
]
VALUES = [
    WorkToken("op_0_drawtext.txt"),
    FontToken("DejaVuSans-Bold.ttf"),
    FontFolderToken(),
    MeasuredToken("s1", "gain"),
]


@pytest.mark.parametrize("token", ARGUMENTS, ids=str)
def test_an_argument_is_read_as_it_was_written(token: ArgumentToken) -> None:
    assert parse(str(token)) == token


@pytest.mark.parametrize(
    "word", ["ffmpeg", "", "{in:}", "{out:x}", "x{in:a}", "{work}", "{step:1}/a"]
)
def test_every_other_argument_is_no_token(word: str) -> None:
    assert parse(word) is None


@pytest.mark.parametrize("token", VALUES, ids=str)
def test_a_value_in_a_filtergraph_is_read_as_it_was_written(token: GraphToken) -> None:
    graph = f"[0:v]drawtext=textfile={token}:x=1[out]"

    assert list(parts(graph)) == ["[0:v]drawtext=textfile=", token, ":x=1[out]"]


@given(st.text(alphabet="{}workfntsigmeaud:.s1/\\' ", max_size=30))
def test_a_users_text_in_a_filtergraph_is_no_token(text: str) -> None:
    graph = f"drawtext=text={filter_value(text)}"

    assert list(parts(graph)) == [graph]


def test_a_command_is_filled_in() -> None:
    argv = ["ffmpeg", "-i", "{in:a}", "-filter_complex", "x={fonts}:y={in:a}", "{out:0}"]

    filled = fill(argv, lambda token: f"<{token}>", lambda token: f"({token})")

    assert filled == [
        "ffmpeg", "-i", "<{in:a}>", "-filter_complex", "x=({fonts}):y={in:a}", "<{out:0}>",
    ]  # fmt: skip
