"""Depth-first search for a cycle, without recursion (graphs may be 500 deep)."""

from collections.abc import Iterable, Mapping, Sequence


def find_cycle(successors: Mapping[str, Sequence[str]]) -> list[str] | None:
    """A cycle as a closed path (`["a", "b", "a"]`), or None. Deterministic: first in list order."""
    done: set[str] = set()
    for start in successors:
        if start not in done and (cycle := _search(start, successors, done)):
            return cycle
    return None


def _search(
    start: str, successors: Mapping[str, Sequence[str]], done: set[str]
) -> list[str] | None:
    path: list[str] = [start]
    on_path = {start}
    branches: list[Iterable[str]] = [iter(successors.get(start, ()))]
    while path:
        step = next(iter(branches[-1]), None)
        if step is None:
            branches.pop()
            finished = path.pop()
            on_path.remove(finished)
            done.add(finished)
        elif step in on_path:
            return [*path[path.index(step) :], step]
        elif step not in done:
            path.append(step)
            on_path.add(step)
            branches.append(iter(successors.get(step, ())))
    return None
