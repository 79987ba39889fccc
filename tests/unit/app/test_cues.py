"""What a subtitle file shows, and when."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.cues import Cue, cues_of

HEAD = "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def ass(text: str) -> str:
    return f"{HEAD}Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{text}\n"


def srt(text: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:02,500\n{text}\n"


def vtt(text: str) -> str:
    return f"WEBVTT\n\n00:01.000 --> 00:02.500 line:0 align:start\n{text}\n"


SHOWN = [
    (srt("plain"), "plain"),
    (srt("<i>leans</i> and <FONT color=red>red</font>"), "leans and red"),
    (srt("{\\an8}above"), "above"),
    (srt("a < b and c > d, I <3 you"), "a < b and c > d, I <3 you"),
    (srt("R&amp;B &lt;"), "R&amp;B &lt;"),
    (srt("two\nlines"), "two\nlines"),
    (srt("a gap\n\nin the middle"), "a gap\n\nin the middle"),
    (srt("{curly} stays"), "{curly} stays"),
    (vtt("<v Anna>Hello</v> <c.loud>you</c>"), "Hello you"),
    (vtt("a &lt; b &amp; c &gt; d&nbsp;e"), "a < b & c > d\u00a0e"),
    (vtt("one <00:01.500>by <00:02.000>one"), "one by one"),
    (vtt("shown\n\nNOTE not shown\nat all"), "shown"),
    (ass("{\\i1}leans{\\i0}"), "leans"),
    (ass("up\\Ndown\\hright"), "up\ndown\u00a0right"),
    (ass("{\\p1}m 0 0 l 100 0 100 50{\\p0}beside"), "beside"),
    (ass("before{\\an7\\p2}m 0 0 l 9 9{\\p0}after"), "beforeafter"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_what_is_shown(text: str, shown: str, ends: str) -> None:
    (cue,) = cues_of(text.replace("\n", ends))
    assert cue == Cue(start_ms=1000, end_ms=2500, text=shown)


def test_drawings_alone_show_nothing() -> None:
    assert cues_of(ass("{\\p1}m 0 0 l 100 0 100 50 0 50{\\p0}")) == []


def test_blocks_that_are_no_cues_are_left_out() -> None:
    text = "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\nNOTE a\nb\n\nname\n01:00:01.000 --> 01:00:02.000\nx\n"
    assert cues_of(text) == [Cue(start_ms=3_601_000, end_ms=3_602_000, text="x")]


def test_numbers_of_cues_are_no_text() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,5 --> 00:00:04,25\n42\n"
    assert [(cue.text, cue.start_ms, cue.end_ms) for cue in cues_of(text)] == [
        ("a", 1000, 2000), ("42", 3500, 4250),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "no subtitles", "{\n" * 1000])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no subtitles"):
        cues_of(text)


@given(
    st.lists(st.text(alphabet="ab <>&{}\\|0123\n", min_size=1, max_size=30), min_size=1, max_size=5)
)
def test_srt_keeps_plain_lines_in_order(texts: list[str]) -> None:
    plain = [
        t for t in (" ".join(t.replace("{\\", "").split()) for t in texts) if t and not t.isdigit()
    ]
    plain = [t for t in plain if not any(f"<{tag}" in t or f"</{tag}" in t for tag in "bius")]
    blocks = (f"{n}\n00:00:0{n},000 --> 00:00:0{n},500\n{t}\n" for n, t in enumerate(plain, 1))
    text = "\n".join(blocks)
    if plain:
        assert [cue.text for cue in cues_of(text)] == plain


@pytest.mark.timeout(20)
@pytest.mark.parametrize("filler", ["<", "{", "{\\", "<i", " ", "1", "&", "-->", "00:"])
@pytest.mark.parametrize(
    "head", ["", "WEBVTT\n\n00:01.000 --> 00:02.000\n", "1\n00:00:01,000 --> 00:00:02,000\n"]
)
def test_no_text_takes_the_square_of_its_length(head: str, filler: str) -> None:
    with suppress(ValueError):
        cues_of(head + filler * (500_000 // len(filler)))
