"""What only some operators can do, as protocols: the planner asks `isinstance(operator, TwoPass)`.

An operator has a capability by having its methods; nothing is declared. All of them are pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from operators.filtergraph import Link
from operators.media import Kind, MediaInfo


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What a measuring pass found. Not settled: the pass runs again with these values."""

    values: Mapping[str, str]
    is_settled: bool = True
    warning: str | None = None


@runtime_checkable
class TwoPass(Protocol):
    """Measures its input before it changes it: `Measured` in its filters stands for what is found."""

    def measure(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        """The first pass: one link per track, read for what it logs."""
        ...

    def unmeasured(self) -> Mapping[str, str]:
        """The values in the first round of the measuring pass."""
        ...

    def settle(self, said: Sequence[str], so_far: Mapping[str, str]) -> Measurement:
        """The values, from the lines that a round logged. `so_far`: those of the round before."""
        ...

    def shell_values(self, log: str) -> Mapping[str, str]:
        """For scripts: by value, a shell command that prints it. `log`: the file of the log, quoted."""
        ...


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A part of a file, in seconds from its start; `end` None: all that follows."""

    start: Fraction
    end: Fraction | None


@runtime_checkable
class PacketCopy(Protocol):
    """May be done by copying a part of its input, without an encode."""

    def copied(self, sources: Sequence[MediaInfo]) -> Cut | None:
        """The part of source 0 whose packets may be copied, if that is all that is asked."""
        ...


@dataclass(frozen=True, kw_only=True)
class Joint:
    """Sources that can follow each other as they are: the kinds that are copied, and how many
    seconds of the result each source takes."""

    kinds: frozenset[Kind]
    seconds: tuple[Fraction, ...]


@runtime_checkable
class PacketJoin(Protocol):
    """May be done by copying its inputs one after the other; says in the plan what was chosen."""

    def joint(self, sources: Sequence[MediaInfo]) -> Joint | None:
        """How the packets follow each other; None where something must be encoded."""
        ...

    def choice(self, sources: Sequence[MediaInfo]) -> str:
        """What was chosen and why: part of the step's reason."""
        ...


@runtime_checkable
class HasSidecar(Protocol):
    """May put a text beside the output file."""

    def sidecar(self, sources: Sequence[MediaInfo]) -> str | None:
        """The text (a WebVTT index), `{name}` standing for the output's file name."""
        ...


@runtime_checkable
class MayClip(Protocol):
    """May bring sound above full scale."""

    def may_clip(self) -> bool:
        """Whether these parameters may do so with sound that is below it."""
        ...
