"""Several operations one after the other, and what the documentation says comes of them together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.oracle.cases import CASES, Case, fits
from tests.oracle.programme import Programme
from tests.zoo.table import OTHERS, ZOO, Specimen

LINKS = (
    "trim", "tail", "fps up", "fps down", "scale", "contain", "crop", "pad", "quarter", "half",
    "softer", "loudnorm", "mix", "combine", "drawtext", "overlay",
)  # fmt: skip
"""Cases whose definition says all of the programme that comes out, so that another can follow."""
CONTAINERS = ("mp4", "mkv", "mov", "default mp4", "default mkv")
_LEAST = 64


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Cases, in this order, on a specimen."""

    name: str
    cases: tuple[str, ...]
    target: str

    @property
    def row(self) -> Specimen:
        return ZOO[self.name]

    def __str__(self) -> str:
        return f"{self.name}: {' > '.join(self.cases)} > {self.target}"

    def means(self, given: Programme) -> Programme:
        """What comes out of `given`."""
        for case in self.cases:
            given = CASES[case].means(given)
        return given

    def _links(self) -> Iterator[tuple[str, Case, dict[str, str]]]:
        """What each operation's output is called, what it is, and its further inputs: specimens by id."""
        for number, name in enumerate(self.cases, start=1):
            output = "out" if number == len(self.cases) else f"link{number}"
            others = {f"{output}_other{n}": o for n, o in enumerate(CASES[name].others)}
            yield output, CASES[name], others

    def operations(self, meant: Programme) -> list[dict[str, Any]]:
        """The operations of a job on input `src`, the last of them called `out`; `meant`: the input."""
        found, source = [], "src"
        for output, case, others in self._links():
            given = {"inputs": [source, *others]} if others else {"input": source}
            found.append({"op": case.op, **given, "output": output, "params": case.params(meant)})
            meant, source = case.means(meant), output
        return found

    def others(self) -> dict[str, str]:
        """The further inputs of its operations: specimens by id."""
        return {name: other for _, _, others in self._links() for name, other in others.items()}


def is_sound(chain: Chain, meant: Programme) -> bool:
    """Whether every link takes what the one before makes, and its numbers can still be read."""
    for name in chain.cases:
        if not fits(CASES[name], chain.row):
            return False
        meant = CASES[name].means(meant)
        if min(meant.size) < _LEAST or not meant.shown or not all(s.end for s in meant.sounds):
            return False
    return True


def chains(names: Sequence[str] | None = None) -> st.SearchStrategy[Chain]:
    """Two to four different operations on a moving picture of the zoo."""
    others = {row.name for row in OTHERS}
    rows = [n for n, row in ZOO.items() if row.has_picture and not row.is_still and n not in others]
    return st.builds(
        Chain,
        name=st.sampled_from(list(names or rows)),
        cases=st.lists(st.sampled_from(LINKS), min_size=2, max_size=4, unique=True).map(tuple),
        target=st.sampled_from(CONTAINERS),
    )
