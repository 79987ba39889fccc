"""Drop the filters that nothing needs: an operation that no output reads, the sound of a concat
whose picture alone is taken."""

from dataclasses import dataclass, replace
from typing import ClassVar

from planner.draft import Draft
from planner.wiring import Track, Wire, measured_in


@dataclass(frozen=True, kw_only=True)
class DropUnneeded:
    """Keep what outputs read, what it is made from, and what must be measured for it."""

    name: ClassVar[str] = "drop_unneeded"

    def __call__(self, draft: Draft) -> Draft:
        measures = {(m.node, m.outputs[0].index): m for m in draft.measures}
        wanted: set[Track] = {o.track for tracks in draft.outputs.values() for o in tracks}
        kept: list[Wire] = []
        measured: set[tuple[str, int]] = set()
        for w in reversed(draft.wires):
            if wanted.intersection(w.outputs):
                kept.append(w)
                wanted.update(w.inputs)
                for name in measured_in(w):
                    measured.add(name)
                    wanted.update(measures[name].inputs)
        return replace(
            draft,
            wires=tuple(kept[::-1]),
            measures=tuple(m for name, m in measures.items() if name in measured),
        )
