"""What only some operators can do: the planner asks `isinstance(operator, TwoPass)`.

An operator declares a capability by inheriting it: `class Loudnorm(Operator, TwoPass)`. All methods
are pure.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from operators.filtergraph import Link
from operators.media import Kind, MediaInfo


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What a measuring pass found. Not settled: the pass runs again with these values."""

    values: Mapping[str, str]
    is_settled: bool = True
    warning: str | None = None


class TwoPass(ABC):
    """Measures its input before it changes it: `Measured` in its filters stands for what is found."""

    @abstractmethod
    def measure(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        """The first pass: one link per track, read for what it logs."""

    @abstractmethod
    def unmeasured(self) -> Mapping[str, str]:
        """The values in the first round of the measuring pass."""

    @abstractmethod
    def settle(self, said: Sequence[str], so_far: Mapping[str, str]) -> Measurement:
        """The values, from the lines that a round logged. `so_far`: those of the round before."""

    @abstractmethod
    def shell_values(self, log: str) -> Mapping[str, str]:
        """For scripts: by value, a shell command that prints it. `log`: the file of the log, quoted."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A part of a file, in seconds from its start; `end` None: all that follows."""

    start: Fraction
    end: Fraction | None


class PacketCopy(ABC):
    """May be done by copying a part of its input, without an encode."""

    @abstractmethod
    def copied(self, sources: Sequence[MediaInfo]) -> Cut | None:
        """The part of source 0 whose packets may be copied, if that is all that is asked."""


@dataclass(frozen=True, kw_only=True)
class Joint:
    """Sources that can follow each other as they are: the kinds that are copied, and how many
    seconds of the result each source takes."""

    kinds: frozenset[Kind]
    seconds: tuple[Fraction, ...]


class PacketJoin(ABC):
    """May be done by copying its inputs one after the other; says in the plan what was chosen."""

    @abstractmethod
    def joint(self, sources: Sequence[MediaInfo]) -> Joint | None:
        """How the packets follow each other; None where something must be encoded."""

    @abstractmethod
    def choice(self, sources: Sequence[MediaInfo]) -> str:
        """What was chosen and why: part of the step's reason."""


class HasSidecar(ABC):
    """May put a text beside the output file."""

    @abstractmethod
    def sidecar(self, sources: Sequence[MediaInfo]) -> str | None:
        """The text (a WebVTT index), `{name}` standing for the output's file name."""


class MayClip(ABC):
    """May bring sound above full scale."""

    @abstractmethod
    def may_clip(self) -> bool:
        """Whether these parameters may do so with sound that is below it."""
