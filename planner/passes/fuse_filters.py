"""Fuse every run of connected nodes into one FFmpeg command: one decode, no intermediate file.

Forks are fused as well: outputs that read the same input share its decoder.
"""

from dataclasses import replace

from planner.draft import Draft, Group
from planner.unions import Unions


def fuse_filters(draft: Draft) -> Draft:
    """Join all groups that are connected, through inputs too."""
    sets: Unions[str] = Unions()
    for edge in draft.graph.edges:
        sets.join([edge.source, edge.target])
    for group in draft.groups:
        sets.join(group.nodes)
    joined: dict[str, list[Group]] = {}
    for group in draft.groups:
        joined.setdefault(sets.find(group.nodes[0]), []).append(group)
    return replace(draft, groups=tuple(_join(groups) for groups in joined.values()))


def _join(groups: list[Group]) -> Group:
    if len(groups) == 1:
        return groups[0]
    nodes = tuple(name for group in groups for name in group.nodes)
    outputs = sum(name.startswith("output_") for name in nodes)
    operations = len(nodes) - outputs
    return Group(
        nodes=nodes,
        reason=f"{_count(operations, 'operation')} and {_count(outputs, 'output')} in one command: "
        "one decode, no intermediate file",
    )


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
