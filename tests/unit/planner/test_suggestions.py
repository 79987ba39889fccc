"""Suggestions: what people write who know other tools."""

from collections.abc import Iterable

import pytest

from operators import registry
from operators.media import Kind
from operators.problem import did_you_mean
from operators.reading import declared
from operators.rules import Rejected
from operators.synonyms import SYNONYMS
from planner.codecs import container_names, encoder_names
from planner.spec import (
    AudioCodec,
    InputSpec,
    JobFields,
    Nested,
    OperationFields,
    OutputSpec,
    VideoCodec,
)

LOUDNORM = declared(registry.find("loudnorm"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "known", "said"),
    [
        ("scal", ["scale", "trim"], 'Did you mean "scale"?'),
        ("q", ["scale", "trim"], "Known: scale, trim."),
        ("q", [f"name{n}" for n in range(30)], None),
        ("watermark", registry.names(), 'Did you mean "overlay"?'),
        ("Resize", registry.names(), 'Did you mean "scale"?'),
        ("merge", registry.names(), 'Did you mean "concat" or "mix"?'),
        ("tar", LOUDNORM, 'Did you mean "target_lra", "target_lufs" or "target_tp"?'),
        ("target", LOUDNORM, 'Did you mean "target_lufs", "target_tp" or "target_lra"?'),
        ("h265", ["h264", "hevc", "vp9"], 'Did you mean "hevc"?'),
        ("h265", ["copy", "none"], "Known: copy, none."),
    ],
)
def test_suggestions_know_what_people_mean(
    word: str, known: Iterable[str], said: str | None
) -> None:
    assert did_you_mean(word, known) == said


def test_what_is_suggested_exists() -> None:
    ours = {
        name for kind in map(registry.find, registry.names()) if kind for name in declared(kind)
    }
    words = {word for names in SYNONYMS.values() for word in names}
    elsewhere = {*declared(OutputSpec), *declared(InputSpec), *declared(OperationFields), *declared(JobFields)}  # fmt: skip
    codecs_ = {*declared(VideoCodec), *declared(AudioCodec), *encoder_names(Kind.VIDEO), *encoder_names(Kind.AUDIO)}  # fmt: skip
    assert words <= {*registry.names(), *ours, *elsewhere, *codecs_, *container_names()}


def test_a_codec_alone_is_shown_where_it_belongs() -> None:
    for word, codec in (("h265", "hevc"), ("libx264", "libx264")):
        with pytest.raises(Rejected) as rejected:
            Nested(of=VideoCodec, words=("copy", "none")).convert(word)
        (finding,) = rejected.value.findings
        assert finding.suggestion == f'Write {{"codec": "{codec}"}}.'
    with pytest.raises(Rejected) as rejected:
        Nested(of=VideoCodec, words=("copy", "none")).convert("nono")
    assert rejected.value.findings[0].suggestion == 'Did you mean "none"?'
