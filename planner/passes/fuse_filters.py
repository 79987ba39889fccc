"""Fuse every run of connected nodes into one FFmpeg command: one decode, no intermediate file.

Forks are fused as well: outputs that read the same input share its decoder.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from planner.draft import Draft, Group
from planner.unions import Unions


@dataclass(frozen=True, kw_only=True)
class FuseFilters:
    """Join all groups that are connected, through inputs and equal work too."""

    name: ClassVar[str] = "fuse_filters"

    def __call__(self, draft: Draft) -> Draft:
        sets: Unions[str] = Unions()
        for name, needed in draft.needs.items():
            sets.join([name, *needed])
        for group in draft.groups:
            sets.join(group.nodes)
        joined: dict[str, list[str]] = {}
        for group in draft.groups:
            joined.setdefault(sets.find(group.nodes[0]), []).extend(group.nodes)
        return replace(
            draft,
            groups=tuple(
                Group(nodes=tuple(nodes), reason=_reason(draft, nodes)) for nodes in joined.values()
            ),
        )


def _reason(draft: Draft, nodes: list[str]) -> str:
    tracks = [o.encoded for name in nodes for o in draft.outputs.get(name, ())]
    copied = sorted({track.kind.value for track in tracks if track.is_copied})
    outputs = sum(name in draft.graph.sinks for name in nodes)
    if tracks and all(track.is_copied for track in tracks):
        return f"{_count(outputs, 'output')} copied as stored: nothing is decoded or encoded"
    what = [_count(outputs, "output")]
    if len(nodes) > outputs:
        what.insert(0, _count(len(nodes) - outputs, "operation"))
    words = f"{' and '.join(what)} in one command: one decode, no intermediate file"
    return f"{words}; {' and '.join(copied)} copied where nothing changes it" if copied else words


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
