from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from operators.filtergraph import Filter, Rate, TextFile, Token, filter_value, render_chain


def read_token(text: str, ends: str) -> tuple[str, str]:
    """FFmpeg's av_get_token: up to an unquoted end, one level of escapes dropped, blanks stripped."""
    out, kept, position = [], 0, 0
    text = text.lstrip(" \n\t\r")
    while position < len(text) and text[position] not in ends:
        char = text[position]
        position += 1
        if char == "\\" and position < len(text):
            out.append(text[position])
            position += 1
            kept = len(out)
        elif char == "'":
            while position < len(text) and text[position] != "'":
                out.append(text[position])
                position += 1
            position += 1
            kept = len(out)
        else:
            out.append(char)
    read = "".join(out)
    return read[:kept] + read[kept:].rstrip(" \n\t\r"), text[position:]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
@example("it's 100%: [a],b;c\\")
@example("  leading and trailing\n ")
def test_a_value_survives_both_parsers(text: str) -> None:
    graph, rest = read_token(f"drawtext=text={filter_value(text)},next", "[],;")
    assert rest == ",next"
    option, rest = read_token(graph.removeprefix("drawtext=text="), ":")
    assert (option, rest) == (text, "")


def test_nul_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="NUL"):
        filter_value("a\0b")


def test_options_are_written_by_type() -> None:
    made = Filter.of(
        "f", a=1, b=True, c=0.5, d=Fraction(1, 3), e=Rate(30000, 1001), f="x:y", g=None
    )
    assert str(made) == r"f=a=1:b=1:c=0.5:d=0.333333:e=30000/1001:f=x\\:y"
    assert str(Filter("anullsink")) == "anullsink"
    assert render_chain(
        ["0:v:0"], [Filter.of("scale", w=2), Filter.of("setsar", sar=1)], ["v"]
    ) == ("[0:v:0]scale=w=2,setsar=sar=1[v]")


def test_assets_become_tokens_and_nothing_else_changes() -> None:
    drawn = Filter.of("drawtext", textfile=TextFile("it's"), x=4)
    bound = drawn.bound(lambda asset: Token(f"{{work}}/{type(asset).__name__}"))
    assert str(bound) == "drawtext=textfile={work}/TextFile:x=4"
    plain = Filter.of("scale", w=64)
    assert plain.bound(lambda _: Token("never")) is plain
