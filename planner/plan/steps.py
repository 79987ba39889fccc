"""The steps of a plan by kind: what one Celery task executes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

from operators.duration import format_seconds
from planner.plan import tokens
from planner.plan.estimates import StepEstimates, Work, read_work
from planner.plan.files import ConcatList, StepFile, read_file

MEDIA = "media"
"""The name of a fetched file in the work folder of its step."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all kinds have in common. `kind` decides which workers execute it (`ffmpeg` or `transfer`),
    `type` says what is done; `depends_on` are the steps that must have completed."""

    kind: ClassVar[str]
    type: ClassVar[str]
    step_id: str
    stage: int
    nodes: tuple[str, ...]
    depends_on: tuple[str, ...]
    reason: str
    work: Work
    """The amounts that estimates are made of, and that a finished attempt is compared with."""
    estimates: StepEstimates

    def to_json(self) -> dict[str, Any]:
        """Every field that a step of any kind has; those of other kinds are null or empty."""
        return {
            "step_id": self.step_id,
            "kind": self.kind,
            "type": self.type,
            "stage": self.stage,
            "nodes": list(self.nodes),
            "depends_on": list(self.depends_on),
            "argv": list(self.argv),
            "filtergraph": None,
            "files": {},
            "measures": None,
            "input": None,
            "part": None,
            "output": None,
            "from_step": None,
            "reason": self.reason,
            "work": {name: amount.to_json() for name, amount in self.work.items()},
            "estimates": self.estimates.to_json(),
        }

    @property
    def argv(self) -> tuple[str, ...]:
        """The command, exact but for tokens; of a transfer, a description for display."""
        raise NotImplementedError

    @property
    def step_files(self) -> frozenset[str]:
        """The steps whose work files are read by name; what was fetched is read as an input."""
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class CommandStep(Step):
    """One FFmpeg command, and the files beside it by name."""

    kind = "ffmpeg"
    command: tuple[str, ...]
    filtergraph: str | None
    files: Mapping[str, StepFile] = field(default_factory=dict)

    @property
    def argv(self) -> tuple[str, ...]:
        return self.command

    def to_json(self) -> dict[str, Any]:
        files = {name: file.to_json() for name, file in self.files.items()}
        return {**super().to_json(), "filtergraph": self.filtergraph, "files": files}

    @cached_property
    def _tokens(self) -> tuple[tokens.ArgumentToken, ...]:
        return tuple(filter(None, map(tokens.parse, self.command)))

    @property
    def inputs(self) -> frozenset[str]:
        """The ids of the inputs that are read, by the command or by a file beside it."""
        named = {token.input for token in self._tokens if isinstance(token, tokens.InputToken)}
        return frozenset(named.union(*(file.inputs for file in self.files.values())))

    @property
    def listed_inputs(self) -> tuple[str, ...]:
        """The inputs that FFmpeg opens through a list, not by an argument."""
        lists = (file for file in self.files.values() if isinstance(file, ConcatList))
        return tuple(name for file in lists for name in file.inputs)

    @property
    def step_files(self) -> frozenset[str]:
        return frozenset(t.step for t in self._tokens if isinstance(t, tokens.StepToken))

    @property
    def outputs(self) -> tuple[int, ...]:
        """The outputs that are written, by their places in the spec."""
        return tuple(t.output for t in self._tokens if isinstance(t, tokens.OutputToken))

    @property
    def has_intermediates(self) -> bool:
        """Whether files for other steps are written."""
        words = zip(("", *self.command), self.command, strict=False)
        return any(
            isinstance(tokens.parse(word), tokens.WorkToken)
            for before, word in words
            if before != "-i"
        )


@dataclass(frozen=True, kw_only=True)
class FFmpegStep(CommandStep):
    """A command that writes outputs, or files for other steps."""

    type = "ffmpeg"


@dataclass(frozen=True, kw_only=True)
class MeasureStep(CommandStep):
    """The first pass of the operation `measures`: what it logs becomes values for later steps."""

    type = "measure"
    measures: str

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "measures": self.measures}


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of an input, in seconds."""

    start: float
    end: float

    def to_json(self) -> dict[str, float]:
        return {"start": self.start, "end": self.end}


@dataclass(frozen=True, kw_only=True)
class TransferStep(Step):
    """A file is moved; no command runs."""

    kind = "transfer"


@dataclass(frozen=True, kw_only=True)
class FetchStep(TransferStep):
    """Fetch a remote input, or the `part` of it that is needed. Its nodes are all that read it."""

    type = "fetch"
    input: str
    part: Part | None

    @property
    def argv(self) -> tuple[str, ...]:
        ends = (self.part.start, self.part.end) if self.part else ()
        words = [format_seconds(Fraction(at)) for at in ends]
        part = ("-ss", words[0], "-to", words[1]) if words else ()
        return ("fetch", f"{{source:{self.input}}}", str(tokens.WorkToken(MEDIA)), *part)

    def to_json(self) -> dict[str, Any]:
        part = self.part.to_json() if self.part else None
        return {**super().to_json(), "input": self.input, "part": part}


@dataclass(frozen=True, kw_only=True)
class UploadStep(TransferStep):
    """Send an output that `from_step` wrote to its destination."""

    type = "upload"
    output: int
    from_step: str

    @property
    def step_files(self) -> frozenset[str]:
        return frozenset({self.from_step})

    @property
    def argv(self) -> tuple[str, ...]:
        source = tokens.StepToken(self.from_step, f"out{self.output}")
        return ("upload", str(source), f"{{destination:{self.output}}}")

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "output": self.output, "from_step": self.from_step}


def read_step(document: Mapping[str, Any]) -> Step:
    """Raises: KeyError, TypeError where this is no step of a plan."""
    common = {
        "step_id": document["step_id"],
        "stage": document["stage"],
        "nodes": tuple(document["nodes"]),
        "depends_on": tuple(document["depends_on"]),
        "reason": document["reason"],
        "work": read_work(document["work"]),
        "estimates": StepEstimates.from_json(document["estimates"]),
    }
    kind = document["type"]
    if kind == "fetch":
        part = Part(**document["part"]) if document["part"] else None
        return FetchStep(**common, input=document["input"], part=part)
    if kind == "upload":
        return UploadStep(**common, output=document["output"], from_step=document["from_step"])
    command = {
        "command": tuple(document["argv"]),
        "filtergraph": document["filtergraph"],
        "files": {name: read_file(file) for name, file in document["files"].items()},
    }
    if kind == "measure":
        return MeasureStep(**common, **command, measures=document["measures"])
    return FFmpegStep(**common, **command)
