"""What each pass makes of the filters of a job, or of the groups that become commands.

A golden case is a spec, then the draft before and after, apart from each other by `---`; it lies in
the folder of its pass. `parameters` are those of the pass, `fleet` the workers. Written anew by
`python -m tests.unit.planner.test_passes`; the difference is for a person to read.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from operators.filtergraph import render_chain
from operators.media import MediaInfo
from planner.draft import Draft, Fleet
from planner.draft_plan import draft_plan
from planner.parse import parse_spec
from planner.passes import PASSES
from planner.policy import Policy
from planner.spec import LimitsSpec
from planner.wiring import Track
from tests.helpers import dags
from tests.helpers.infos import clip, sound_only, video

CASES = sorted(Path(__file__).parent.joinpath("cases", "passes").glob("*/*.txt"))
SOURCES: Mapping[str, MediaInfo] = {
    "film": clip().lasting(100_000),
    "mute": clip(sound=0, picture=video(640, 480, rate="25")),
    "long": clip(picture=video(320, 240)).lasting(3_600_000),
    "tone": sound_only(),
}
_FILES = {name: Path("/m", name) for name in SOURCES}


_GROUPING = ("fuse_filters", "split_large", "split_forks")
"""Passes that leave filters alone and group nodes."""


def draft_of(spec: Mapping[str, Any]) -> Draft:
    parsed = parse_spec(spec, Policy(roots=("/",)))
    return draft_plan(parsed.spec, SOURCES, LimitsSpec())[0]


def before(name: str, draft: Draft) -> Draft:
    """The draft as a pass gets it."""
    for earlier in takewhile(lambda one: one.name != name, PASSES):
        draft = earlier(draft)
    return draft


def show(draft: Draft, name: str) -> str:
    """For passes that group: one line per group, its nodes and its reason."""
    if name in _GROUPING:
        return "\n".join(f"{' '.join(group.nodes)}: {group.reason}" for group in draft.groups)
    return _show_wires(draft)


def _show_wires(draft: Draft) -> str:
    """One line per wire, then where files are read from, then what outputs take."""
    lines = [
        render_chain(map(_name, w.inputs), w.filters, map(_name, w.outputs)) for w in draft.wires
    ]
    lines += [f"seek {name} {number}: {float(at):g}" for (name, number), at in draft.seeks.items()]
    lines += [
        f"{name}: {' '.join(_name(o.track) for o in tracks)}"
        for name, tracks in draft.outputs.items()
    ]
    return "\n".join(lines)


def _name(track: Track) -> str:
    return track.label


def _rewritten(case: Path) -> str:
    text = case.read_text().split("---\n")[0].strip()
    given, name = json.loads(text), case.parent.name
    standard = next(one for one in PASSES if one.name == name)
    improve = type(standard)(**given.get("parameters", {}))
    draft = replace(draft_of(_spec(given)), fleet=Fleet(**given.get("fleet", {})))
    draft = before(name, draft)
    return f"{text}\n---\n{show(draft, name)}\n---\n{show(improve(draft), name)}\n"


def _spec(given: Mapping[str, Any]) -> dict[str, Any]:
    """Operations and outputs as JSON; inputs are `SOURCES`, with what `inputs` adds."""
    files = [{"id": name, "source": f"file:///m/{name}"} for name in SOURCES]
    more = given.get("inputs", {})
    return {
        "inputs": [{**one, **more.get(one["id"], {})} for one in files],
        "operations": [
            {"output": f"o{n}", **operation} for n, operation in enumerate(given["operations"])
        ],
        "outputs": [
            {"id": name, "destination": f"file:///out/{n}.mp4"}
            for n, name in enumerate(given["outputs"])
        ],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_pass_turns_these_filters_into_those(case: Path) -> None:
    assert _rewritten(case) == case.read_text()


def test_every_pass_has_a_case() -> None:
    assert {one.name for one in PASSES} == {case.parent.name for case in CASES}


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(dags.jobs(_FILES, SOURCES, 12))
def test_passes_do_all_at_once_and_keep_what_outputs_get(spec: dict[str, Any]) -> None:
    draft = draft_of(spec)
    for improve in PASSES:
        better = improve(draft)
        assert improve(better) == better, improve.name
        assert _written(better) == _written(draft), improve.name
        assert better.inferred is draft.inferred
        draft = better


def _written(draft: Draft) -> dict[str, list[tuple[Any, Any]]]:
    return {
        name: [(o.track.kind, o.encoded) for o in tracks] for name, tracks in draft.outputs.items()
    }


if __name__ == "__main__":
    for path in CASES:
        path.write_text(_rewritten(path))
