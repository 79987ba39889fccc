from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cycles import find_cycle
from planner.graph import Edge, Graph, Source, build_graph
from planner.parse import parse_spec
from planner.policy import Policy
from planner.spec import InputSpec, Reference


def graph(*pairs: str) -> Graph:
    """A graph from pairs such as "AB": A feeds B."""
    names = sorted({name for pair in pairs for name in pair})
    spec = InputSpec(id="x", source="file:///x")
    return Graph(
        nodes=tuple(Source(id=n, index=i, spec=spec) for i, n in enumerate(names)),
        edges=tuple(
            Edge(source=a, target=b, reference=Reference(id="x"), input_index=0) for a, b in pairs
        ),
    )


@pytest.mark.parametrize(
    ("pairs", "stages"),
    [
        (("AB", "BC"), [["A"], ["B"], ["C"]]),
        (("AB", "AC"), [["A"], ["B", "C"]]),
        (("AB", "AC", "BD", "CD"), [["A"], ["B", "C"], ["D"]]),
        (("AD", "BC", "CD"), [["A", "B"], ["C"], ["D"]]),
    ],
)
def test_stages(pairs: tuple[str, ...], stages: list[list[str]]) -> None:
    assert [list(stage) for stage in graph(*pairs).stages] == stages


def test_among_ready_nodes_the_first_in_the_list_goes_first() -> None:
    assert graph("AD", "BD", "CD").order == ("A", "B", "C", "D")


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"A": ["B"], "B": []}, None),
        ({"A": ["B"], "B": ["A"]}, ["A", "B", "A"]),
        ({"A": ["B"], "B": ["C"], "C": ["D"], "D": ["B"]}, ["B", "C", "D", "B"]),
        ({"A": ["A"]}, ["A", "A"]),
        ({"A": ["B", "C"], "B": ["D"], "C": ["D"], "D": []}, None),
    ],
)
def test_cycles(edges: dict[str, list[str]], cycle: list[str] | None) -> None:
    assert find_cycle(edges) == cycle


def test_a_deep_graph_needs_no_recursion() -> None:
    chain = {str(n): [str(n + 1)] for n in range(20_000)}
    assert find_cycle(chain) is None
    assert find_cycle({**chain, "20000": ["0"]}) is not None


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8)).filter(lambda p: p[0] < p[1]), max_size=20
    )
)
def test_every_edge_points_forward_in_the_order(edges: list[tuple[int, int]]) -> None:
    made = graph(*(f"{chr(65 + a)}{chr(65 + b)}" for a, b in edges))
    place = {name: n for n, name in enumerate(made.order)}
    assert len(place) == len(made.nodes)
    assert all(place[e.source] < place[e.target] for e in made.edges)
    assert find_cycle({n: [e.target for e in made.out_of(n)] for n in place}) is None


def test_nodes_are_named_by_kind_and_index() -> None:
    document: dict[str, Any] = {
        "inputs": [{"id": "main_video", "source": "file:///m/a.mp4"}],
        "operations": [
            {"op": "trim", "input": "main_video", "output": "cut", "params": {"end": 1}},
            {"op": "scale", "input": "cut", "output": "scaled", "params": {"width": 64}},
        ],
        "outputs": [
            {"id": "scaled", "destination": "file:///m/o.mp4"},
            {"id": "scaled", "destination": "file:///m/p.mp4"},
        ],
    }
    made = build_graph(parse_spec(document, Policy(roots=("/m",))).spec)
    assert made.order == ("input_main_video", "op_0_trim", "op_1_scale", "output_0", "output_1")
    assert [e.stream_type for e in made.edges] == ["both"] * 4
