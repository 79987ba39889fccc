"""Cut commands that are too large: over 300 filters or 40 opened files, a graph is slow to set up,
its text nears what one argument may hold (128 KiB), and one failure costs everything.

What crosses a cut goes through a lossless file that is quick to decode.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from planner.draft import Draft, Group

Files = dict[str, set[tuple[str, int]]]
"""By node, the files that it reads by itself."""


@dataclass(frozen=True, kw_only=True)
class SplitLarge:
    """Cut each group that is too large into runs of nodes that follow one another."""

    name: ClassVar[str] = "split_large"
    max_filters: int = 300
    max_files: int = 40

    def __call__(self, draft: Draft) -> Draft:
        filters, files = _filters(draft), _files(draft)
        return replace(
            draft,
            groups=tuple(
                part for group in draft.groups for part in self._cut(draft, group, filters, files)
            ),
        )

    def _cut(
        self, draft: Draft, group: Group, filters: dict[str, int], files: Files
    ) -> list[Group]:
        opened = set[tuple[str, int]]().union(*(files.get(name, set()) for name in group.nodes))
        whole = sum(filters.get(name, 0) for name in group.nodes)
        if whole <= self.max_filters and len(opened) <= self.max_files:
            return [group]
        runs = list(self._runs(_deep_first(draft, group), filters, files, _tied(draft)))
        if len(runs) < 2 or (
            whole <= self.max_filters and _most_files(draft, runs, files) >= len(opened)
        ):
            return [group]
        why = f"over {self.max_filters} filters or {self.max_files} files in one command"
        return [
            Group(
                nodes=tuple(run),
                reason=f"part {number} of {len(runs)} of what would be {why}",
                is_part=True,
            )
            for number, run in enumerate(runs, 1)
        ]

    def _runs(
        self,
        names: list[str],
        filters: dict[str, int],
        files: Files,
        tied: dict[str, set[str]],
    ) -> Iterator[list[str]]:
        place = {name: number for number, name in enumerate(names)}
        run: list[str] = []
        count, opened, tied_until = 0, set[tuple[str, int]](), -1
        for name in names:
            more = opened | files.get(name, set())
            fits = count <= self.max_filters and len(opened) <= self.max_files
            is_full = count + filters.get(name, 0) > self.max_filters or len(more) > self.max_files
            # one node that is too large by itself is not helped by a cut behind it
            if run and fits and is_full and tied_until < place[name]:
                yield run
                run, count, more = [], 0, set(files.get(name, set()))
            run.append(name)
            count, opened = count + filters.get(name, 0), more
            ends = (place[other] for other in tied.get(name, ()) if other in place)
            tied_until = max(tied_until, *ends, -1)
        if run:
            yield run


def _filters(draft: Draft) -> dict[str, int]:
    """How many filters each node has, all its readings together."""
    found: dict[str, int] = {}
    for w in draft.wires:
        found[w.node] = found.get(w.node, 0) + len(w.filters)
    return found


def _files(draft: Draft) -> Files:
    """The files that each node reads by itself."""
    found: dict[str, set[tuple[str, int]]] = {}
    read = [(w.node, track) for w in draft.wires for track in w.inputs]
    read += [(name, o.track) for name, tracks in draft.outputs.items() for o in tracks]
    for node, track in read:
        if not draft.graph.into(track.node):
            found.setdefault(node, set()).add((track.node, track.reading))
    return found


def _most_files(draft: Draft, runs: list[list[str]], files: Files) -> int:
    """The most files that a part opens, those of earlier parts among them."""
    most = 0
    for run in runs:
        inside = set(run)
        own = set[tuple[str, int]]().union(*(files.get(name, set()) for name in run))
        others = {
            other
            for name in run
            for other in draft.needs[name]
            if other not in inside and draft.graph.into(other)
        }
        most = max(most, len(own) + len(others))
    return most


def _tied(draft: Draft) -> dict[str, set[str]]:
    """By node, those that read what lies between its filters, as they do the same: such a stream
    is not what a file would make of it (its time base), so it must not cross a cut."""
    found: dict[str, set[str]] = {}
    for w in draft.wires:
        for track in w.inputs:
            if track.is_inner and track.node != w.node:
                found.setdefault(track.node, set()).add(w.node)
    return found


def _deep_first(draft: Draft, group: Group) -> list[str]:
    """The group's nodes, each after what it reads; what belongs together stays together, so that
    little crosses the cuts."""
    inside, found = set(group.nodes), dict[str, None]()
    ends = [name for name in group.nodes if name in draft.outputs]
    for start in (*ends, *group.nodes):
        waiting = [start]
        while waiting:
            name = waiting[-1]
            # sorted: sets differ from process to process
            before = sorted(n for n in draft.needs[name] if n in inside and n not in found)
            if before:
                waiting.append(before[0])
            else:
                found.setdefault(waiting.pop())
    return list(found)
