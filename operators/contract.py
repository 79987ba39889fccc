"""The operator contract: a frozen dataclass whose fields are its parameters, and six methods.

`describe` and `requires` speak of the kind of operation, `validate` `infer` `estimate` `compile`
of one use of it; `remarks` and `likeness` have defaults. What only some operators can do is in
`operators.capabilities`. All are pure. Subclasses declare fields with `operators.reading.param`.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, ClassVar, Self

from operators.capabilities import TwoPass
from operators.filtergraph import Filter, Link, Pad
from operators.media import Kind, MediaInfo
from operators.problem import Code, Problem
from operators.reading import as_problems, declared, plain_fields, read_fields
from operators.rules import Finding

_PARAMETERS = Code.INVALID_OPERATOR_PARAMS


class Category(StrEnum):
    TIMELINE = "timeline"
    AUDIO = "audio"
    VIDEO = "video"
    GRAPHICS = "graphics"
    OUTPUT = "output"


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """How many inputs, and which kinds each must have (the last entry holds for all further inputs)."""

    inputs: tuple[frozenset[Kind], ...]
    max_inputs: int | None = None

    @property
    def min_inputs(self) -> int:
        return len(self.inputs)

    def needs(self, position: int) -> frozenset[Kind]:
        return self.inputs[min(position, len(self.inputs) - 1)]


def needs(*inputs: Sequence[Kind], max_inputs: int | None = None) -> Requirements:
    """`needs([Kind.VIDEO])`: one input with a picture. An empty list takes anything."""
    kinds = tuple(frozenset(kinds) for kinds in inputs)
    return Requirements(inputs=kinds, max_inputs=max_inputs or len(kinds))


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """What a piece of work costs: CPU and wall time, memory, disk and output size."""

    cpu_ms: int = 0
    wall_ms: int = 0
    peak_memory_bytes: int = 0
    disk_bytes: int = 0
    output_bytes: int = 0

    def to_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, document: Mapping[str, int]) -> Self:
        return cls(**{n: document[n] for n in cls.__dataclass_fields__ if n in document})


@dataclass(frozen=True, kw_only=True)
class Example:
    """A worked example for the documentation."""

    description: str
    params: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """What `GET /v1/operators/{name}` and the documentation page show."""

    name: str
    category: Category
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    min_inputs: int
    max_inputs: int
    input_types: tuple[tuple[str, ...], ...]
    passes: int
    """How often the input is read: 2 measure first, then render."""
    examples: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """What a result has in common with source 0, stream by stream: spot checks compare it."""

    start: Fraction = Fraction(0)
    """Where in source 0 the result begins, in seconds."""
    gain_db: float | None = 0.0
    """How much louder every track is; None: nothing is stated of sound."""
    is_picture_kept: bool = True
    """Whether each frame shows all of what it showed, whatever its size."""


SAME = Likeness()
SAME_SOUND = Likeness(is_picture_kept=False)
SAME_PICTURE = Likeness(gain_db=None)


class BadParameters(Exception):
    """The media shows that the parameters cannot work; pointers are relative to them."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(p.message for p in problems))
        self.problems = problems


def wrong(name: str, message: str, suggestion: str | None = None) -> Problem:
    """A finding about one parameter, for `validate`."""
    at = f"/{name}" if name else ""
    return Problem(code=_PARAMETERS, pointer=at, message=message, suggestion=suggestion)


def bad_parameter(name: str, message: str, suggestion: str | None = None) -> BadParameters:
    """A finding that only the media shows, for `infer` to raise."""
    return BadParameters(wrong(name, message, suggestion))


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operation with its parameters. Equal parameters make equal (shareable) work."""

    name: ClassVar[str]
    category: ClassVar[Category]
    examples: ClassVar[tuple[Example, ...]] = ()
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Groups of parameters of which at most one may be given."""
    keeps: ClassVar[Likeness | None] = None
    """Its likeness, where that is the same for all parameters."""
    looks_back: ClassVar[int | None] = None
    """How many frames before (and after) a frame decide what it shows; None: any number. What looks
    back over few frames may be done in pieces of time."""

    @classmethod
    def requires(cls) -> Requirements:
        """Input count and kinds."""
        raise NotImplementedError

    @classmethod
    def describe(cls) -> Descriptor:
        """The parameters, rules and examples, for people and for the wire."""
        required = cls.requires()
        return Descriptor(
            name=cls.name,
            category=cls.category,
            description=inspect.cleandoc(cls.__doc__ or ""),
            parameters=tuple(p.to_json() for p in declared(cls).values()),
            min_inputs=required.min_inputs,
            max_inputs=required.max_inputs or required.min_inputs,
            input_types=tuple(tuple(sorted(kinds)) for kinds in required.inputs),
            passes=2 if issubclass(cls, TwoPass) else 1,
            examples=tuple(
                {"description": e.description, "params": dict(e.params)} for e in cls.examples
            ),
        )

    @classmethod
    def read(cls, raw: object, at: str) -> tuple[Self | None, list[Problem]]:
        """The operator from JSON parameters that lie at pointer `at`, or every problem."""
        values, findings = read_fields(cls, raw, Code.UNKNOWN_PARAMETER, "parameter")
        problems = as_problems(findings, at, _PARAMETERS)
        if problems:
            return None, problems
        operator = cls(**values)
        problems = [problem.below(at) for problem in operator.validate()]
        return (None if problems else operator), problems

    def validate(self) -> list[Problem]:
        """Rules between parameters, beyond what each declares for itself."""
        findings = [
            Finding(
                at=f"/{given[1]}",
                message=f"{given[0]} and {given[1]} cannot both be given",
                suggestion=f"Keep one of {', '.join(group)}.",
            )
            for group in self.one_of
            if len(given := [name for name in group if getattr(self, name) is not None]) > 1
        ]
        return as_problems(findings, "", _PARAMETERS)

    def infer(self, sources: Sequence[MediaInfo]) -> MediaInfo:
        """What comes out. Raises: BadParameters where the media cannot be treated so."""
        raise NotImplementedError

    def estimate(self, sources: Sequence[MediaInfo], result: MediaInfo) -> Estimates:
        """What this costs, apart from decoding its input and encoding its output."""
        raise NotImplementedError

    def compile(self, sources: Sequence[MediaInfo], result: MediaInfo) -> tuple[Link, ...]:
        """The filters, for exactly the streams that the sources have."""
        raise NotImplementedError

    def likeness(self, sources: Sequence[MediaInfo]) -> Likeness | None:
        """What the result has in common with source 0, where that can be stated."""
        return self.keeps

    def remarks(self, sources: Sequence[MediaInfo]) -> tuple[Problem, ...]:
        """What a user should be warned of; pointers are relative to the parameters."""
        return ()

    def params(self) -> dict[str, Any]:
        """The parameters as JSON, defaults filled in."""
        return plain_fields(self)


_MEGABYTE = 1 << 20
_SOUND_FACTOR = 0.001


def filter_cost(result: MediaInfo, factor: float, memory_mb: int) -> Estimates:
    """A first estimate: `factor` seconds of CPU a second of 720p at 25 frames a second."""
    sound = _SOUND_FACTOR if result.audio else 0
    return _cost(result, factor * result.picture_load + sound, memory_mb)


def sound_cost(result: MediaInfo, factor: float, memory_mb: int) -> Estimates:
    """A first estimate: `factor` seconds of CPU a second of stereo."""
    return _cost(result, factor * sum(a.channels for a in result.audio) / 2, memory_mb)


def _cost(result: MediaInfo, a_second: float, memory_mb: int) -> Estimates:
    cpu_ms = round((result.duration_ms or 0) * a_second)
    return Estimates(cpu_ms=cpu_ms, wall_ms=cpu_ms, peak_memory_bytes=memory_mb * _MEGABYTE)


def remark(name: str, message: str) -> Problem:
    """A warning about a parameter (or, without a name, about the operation)."""
    return Problem(code=Code.INVALID_OPERATION, pointer=f"/{name}" if name else "", message=message)


def first_audio_only(
    name: str, sources: Sequence[MediaInfo], positions: Sequence[int] | None = None
) -> tuple[Problem, ...]:
    """The warning of operators that use the first audio track of each input."""
    chosen = range(len(sources)) if positions is None else positions
    more = [n for n in chosen if len(sources[n].audio) > 1]
    return tuple(
        remark("", f"input {n} has {len(sources[n].audio)} audio tracks; {name} uses the first")
        for n in more
    )


def per_track(
    source: MediaInfo,
    video: Sequence[Filter] = (),
    audio: Sequence[Filter] = (),
    ahead: tuple[Fraction, ...] = (),
) -> tuple[Link, ...]:
    """The same filters on every track of a kind that source 0 has; kinds without filters pass."""
    chains = {Kind.VIDEO: tuple(video), Kind.AUDIO: tuple(audio)}
    return tuple(
        Link(inputs=(Pad(kind, index),), filters=filters, outputs=(Pad(kind, index),), ahead=ahead)
        for kind, filters in chains.items()
        if filters
        for index in range(len(source.streams(kind)))
    )
