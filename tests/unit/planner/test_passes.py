"""Passes that group nodes, by golden cases: a text file holds a graph, the groups before, `---`, the groups after."""

from pathlib import Path
from typing import Any

import pytest

from planner.draft import Draft, Group
from planner.graph import Edge, Graph, Operation, Sink, Source
from planner.infer import Inferred
from planner.passes import PASSES
from planner.passes.fuse_filters import FuseFilters
from planner.spec import Reference

CASES = sorted(Path(__file__).parent.joinpath("cases").glob("fuse_filters/*.txt"))
_TYPES = {"input": Source, "op": Operation, "output": Sink}


def read_draft(text: str) -> Draft:
    """Lines `a -> b` are edges; the other lines are groups, their nodes separated by blanks."""
    lines = text.strip().splitlines()
    pairs = [line.split(" -> ") for line in lines if " -> " in line]
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    nothing: Any = None
    nodes = tuple(
        _TYPES[name.split("_")[0]](id=name, index=index, spec=nothing)
        for index, name in enumerate(names)
    )
    edges = tuple(
        Edge(source=a, target=b, reference=Reference(id="x"), input_index=0) for a, b in pairs
    )
    groups = tuple(
        Group(nodes=tuple(line.split()), reason="") for line in lines if " -> " not in line
    )
    return Draft(
        graph=Graph(nodes=nodes, edges=edges), probed={}, inferred=Inferred(), wires=(), measures=(), joined={}, outputs={},
        encodings={}, groups=groups,
    )  # fmt: skip


def show(draft: Draft) -> str:
    return "\n".join(" ".join(group.nodes) for group in draft.groups)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_pass_turns_before_into_after(case: Path) -> None:
    before, after = case.read_text().split("---\n")
    improve = {one.name: one for one in PASSES}[case.parent.name]
    once = improve(read_draft(before))
    assert show(once) == after.strip()
    assert show(improve(once)) == after.strip()


def test_a_fused_step_says_why() -> None:
    draft = read_draft("input_a -> op_0_trim\nop_0_trim -> output_0\nop_0_trim\noutput_0")
    assert FuseFilters()(draft).groups[0].reason == (
        "1 operation and 1 output in one command: one decode, no intermediate file"
    )
