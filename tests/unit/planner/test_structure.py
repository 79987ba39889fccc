"""No value of a parameter changes the structure of a filtergraph: it reads back as it was meant."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators import filtergraph, registry
from operators.contract import (
    Category,
    Estimates,
    Example,
    Operator,
    Requirements,
    needs,
    per_track,
)
from operators.filtergraph import Filter, Link, Token
from operators.media import Kind, MediaInfo
from operators.parameters import String
from operators.problem import Invalid
from operators.reading import declared, param
from planner.make_plan import Options, make_plan, needed_inputs
from planner.parse import parse_spec
from planner.policy import Policy
from planner.spec import LimitsSpec
from tests.helpers.infos import audio, video
from tests.unit.operators.test_filtergraph import read_token

TOKEN = re.compile(r"(?<!\\)\{(work|fonts|font|measured)(?::([\w. -]+))?\}")
POLICY = Policy(roots=("/m",))
OPTIONS = Options(ffmpeg_version="9.0", limits=POLICY.tightened(LimitsSpec()))
INFO = MediaInfo(
    format="mov,mp4,m4a,3gp,3g2,mj2", duration_ms=120_000, video=(video(duration_ms=120_000),),
    audio=(audio(1, duration_ms=120_000),), tags={},
)  # fmt: skip
Seen = tuple[str, tuple[tuple[str, str], ...]]

# what has been tried on services like this one, and whatever else comes to hypothesis' mind
PAYLOADS = (
    "a:b", "x'", "x\\", "x\\\\'", "';[0:v]movie=/etc/passwd[o];[o]", "],drawtext=textfile=/etc/passwd,[",
    "x:textfile=/etc/passwd", "x',metadata=print:file=/tmp/out,null='", "{work}/../../x", "{in:src}", "{font:x}",
    "%{eif:1:d:2000000000}", "%{metadata:x}", "while(1,1)", "random(0)", "1;movie=http://127.0.0.1/", "a,b;c",
    "file:/etc/passwd", "concat:a|b", "-i", "--", "$(id)", "`id`", "\n[0:v]null", "\r\n", "\t", " ", "\u202eabc",
    "0x7fffffff", "1e999", "-0", "NaN", "inf", "9" * 400, "\ud7ff", "🎬'🎬:",
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(PAYLOADS),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
    st.text("\\':;,[]={}%\n ", max_size=12),
    st.integers(-(10**20), 10**20), st.floats(allow_nan=True), st.booleans(), st.none(),
    st.lists(st.sampled_from(PAYLOADS), max_size=3),
    st.dictionaries(st.sampled_from(PAYLOADS), st.sampled_from(PAYLOADS), max_size=2),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Stamp(Operator):
    """An operator of somebody else's that writes text straight into a filter, as ours never do."""

    name: ClassVar[str] = "stamp"
    category: ClassVar[Category] = Category.VIDEO
    examples: ClassVar[tuple[Example, ...]] = (Example(description="x", params={"text": "plain"}),)

    text: str = param(String(max_length=500), "Any text")

    @classmethod
    def requires(cls) -> Requirements:
        return needs([Kind.VIDEO])

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        return sources[0]

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        return Estimates()

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        return per_track(sources[0], (Filter.of("metadata", mode="add", key="k", value=self.text),))


@pytest.fixture
def stamp(monkeypatch: pytest.MonkeyPatch) -> type[Operator]:
    registry.listed()
    monkeypatch.setitem(registry._registered, "stamp", Stamp)
    return Stamp


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=VALUES)
def test_even_a_text_in_a_filter_stays_a_text(
    meant: list["Seen"], stamp: type[Operator], value: object
) -> None:
    check(meant, (stamp, "text"), value)


def test_this_test_would_see_a_missing_escape(
    meant: list["Seen"], stamp: type[Operator], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check(meant, (stamp, "text"), "a:b=c")
    monkeypatch.setattr(filtergraph, "filter_value", str)
    with pytest.raises(AssertionError):
        check(meant, (stamp, "text"), "a:b=c")


SLOTS = [(operator, name) for operator in registry.listed() for name in declared(operator)]


def spec_of(operator: type[Operator], params: dict[str, Any]) -> dict[str, Any]:
    """A job that does nothing but this operation."""
    needs = operator.requires()
    count = max(needs.min_inputs, 1)
    ids = [f"i{n}" for n in range(count)]
    pictures = {"thumbnail": "jpg", "waveform": "png"}
    return {
        "inputs": [{"id": name, "source": f"file:///m/{name}.mp4"} for name in ids],
        "operations": [{"op": operator.name, "inputs": ids, "output": "out", "params": params}],
        "outputs": [
            {"id": "out", "destination": f"file:///m/o.{pictures.get(operator.name, 'mkv')}"}
        ],
    }


def parsed(graph: str) -> Iterator[Seen]:
    """The filters of a graph as FFmpeg reads them: name and options, two levels of escapes undone."""
    while graph:
        while graph.startswith("["):
            label, _, graph = graph[1:].partition("]")
            assert label.replace("_", "").replace(":", "").isalnum(), label
        text, graph = read_raw(graph)
        name, has_options, rest = text.partition("=")
        options = []
        while has_options and rest:
            key, _, rest = rest.partition("=")
            value, rest = read_token(rest, ":")
            options.append((key, value))
            rest = rest.removeprefix(":")
        yield name, tuple(options)
        while graph.startswith("["):
            label, _, graph = graph[1:].partition("]")
            assert label.replace("_", "").replace(":", "").isalnum(), label
        graph = graph[1:]


def filled(graph: str) -> str:
    """Tokens filled in with something plain; a brace of a user's text is none of them."""
    return TOKEN.sub(lambda match: re.sub(r"\W", "_", match[0]), graph)


def read_raw(graph: str) -> tuple[str, str]:
    return read_token(graph, "[],;")


@pytest.fixture
def meant(monkeypatch: pytest.MonkeyPatch) -> list[Seen]:
    """Every filter that is written, as it is meant."""
    found: list[Seen] = []
    write = Filter.__str__

    def record(self: Filter) -> str:
        options = tuple(
            (key, filled(v.text) if isinstance(v, Token) else filtergraph._text(v))
            for key, v in self.options
        )
        found.append((self.name, options))
        return write(self)

    monkeypatch.setattr(Filter, "__str__", record)
    return found


def check(meant: list[Seen], slot: tuple[type[Operator], str], value: object) -> bool:
    """Whether the value was accepted; then what is written is what was meant."""
    operator, name = slot
    meant.clear()
    spec = spec_of(operator, {**operator.examples[0].params, name: value})
    try:
        job = parse_spec(spec, POLICY)
        probed = dict.fromkeys(needed_inputs(job.spec), INFO)
        plan = make_plan(job.spec, probed, OPTIONS, job.warnings)
    except Invalid:
        return False
    written = [seen for step in plan.steps for seen in parsed(filled(step.filtergraph or ""))]
    assert sorted(written) == sorted(meant), (value, [s.filtergraph for s in plan.steps])
    for step in plan.steps:
        for before, word in zip(("", *step.argv), step.argv, strict=False):
            if before != "-filter_complex" and value in PAYLOADS and len(str(value)) > 5:
                assert value not in word, (value, step.argv)
    return True


def test_every_example_reads_back(meant: list[Seen]) -> None:
    for operator in registry.listed():
        name, value = next(iter(operator.examples[0].params.items()), (None, None))
        if name is not None:
            assert check(meant, (operator, name), value), operator.name


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(slot=st.sampled_from(SLOTS), value=VALUES)
def test_no_value_changes_the_structure(meant: list[Seen], slot: Any, value: object) -> None:
    check(meant, slot, value)


@pytest.mark.full
@pytest.mark.timeout(1800)
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(slot=st.sampled_from(SLOTS), value=VALUES)
def test_no_value_of_twenty_thousand_does(meant: list[Seen], slot: Any, value: object) -> None:
    check(meant, slot, value)


TEXTS = [
    slot for slot in SLOTS if slot[1] in ("text", "fontcolor", "boxcolor", "color", "font", "style")
]


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(slot=st.sampled_from(TEXTS), value=st.sampled_from(PAYLOADS))
def test_texts_and_colours(meant: list[Seen], slot: Any, value: str) -> None:
    check(meant, slot, value)
