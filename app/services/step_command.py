"""A planned step as a command to run: tokens become local paths, and back again for display."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.engine import workspace
from app.engine.storage import local
from app.errors import Failure
from app.redact import redact_line
from operators.filtergraph import filter_value
from operators.media import MediaInfo
from operators.problem import Problem, pointer
from planner.files import numbered
from planner.plan import CommandStep, Plan, Trace
from planner.plan.addresses import Addresses
from planner.plan.files import sidecar_name
from planner.plan.steps import MEDIA
from planner.plan.tokens import (
    ArgumentToken,
    FontFolderToken,
    FontToken,
    GraphToken,
    InputToken,
    MeasuredToken,
    OutputToken,
    StepToken,
    WorkToken,
    fill,
)


@dataclass(frozen=True, kw_only=True)
class OutputFile:
    """One output of the step: its work file, where it goes, what it must be."""

    index: int
    work_file: str
    destination: str
    planned: MediaInfo
    images: int | None = None
    sidecar: str | None = None
    """A text file that goes beside it."""
    traces: Sequence[Trace] = ()
    """What its streams can be compared with (`planner.traces`)."""

    @property
    def is_numbered(self) -> bool:
        return (self.images or 0) > 1

    def written(self) -> list[tuple[str, str]]:
        """The media files that are there, each with its destination."""
        if not self.is_numbered:
            return [(self.work_file, self.destination)] if os.path.exists(self.work_file) else []
        folder, stem = os.path.split(self.work_file)
        names = sorted(n for n in os.listdir(folder) if re.fullmatch(rf"{stem}-\d{{4,}}", n))
        return [
            (os.path.join(folder, name), numbered(self.destination, name.rpartition("-")[2]))
            for name in names
        ]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What is run. `argv` has real paths; `shown` is the same with the plan's tokens."""

    argv: tuple[str, ...]
    shown: str
    outputs: tuple[OutputFile, ...]
    expected_ms: int | None
    planned_argv: tuple[str, ...]
    reals: Mapping[str, str]

    def redact(self, line: str) -> str:
        """A line of FFmpeg's with our paths shown as tokens."""
        for path, token in self.reals.items():
            line = line.replace(path, token)
        return redact_line(line)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an attempt works, and which attempt of each earlier step succeeded."""

    work_dir: str
    job_id: str
    folder: str
    finished: Mapping[str, int]
    roots: Sequence[str]
    fetched: Mapping[str, str] = field(default_factory=dict)
    """The steps that fetched inputs, by the input's id."""
    measured: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What measuring steps found, by step."""

    def folder_of(self, step_id: str) -> str:
        """Where an earlier step left its files."""
        attempt = self.finished[step_id]
        return workspace.path_of(self.work_dir, self.job_id, step_id, attempt)


def build(
    plan: Plan, step: CommandStep, addresses: Addresses, ffmpeg: str, place: Place
) -> Command:
    """Fill in a step's tokens. A whole argument or a filter's value may be one; in a user's
    text a brace stands behind a backslash (`planner.plan.tokens`).

    Raises: Failure where an input is gone.
    """
    reals: dict[str, str] = {}

    def argument(token: ArgumentToken) -> str:
        path = _path(token, addresses, place)
        reals[path] = str(token)
        return f"file:{path}"

    argv = fill(step.argv, argument, lambda token: _value(token, place))
    lengths = [plan.node(name).media_info.duration_ms for name in step.nodes]
    return Command(
        argv=(ffmpeg, *argv[1:]),
        shown=shlex.join(step.argv),
        outputs=tuple(
            output_file(plan, step, addresses, index, place.folder) for index in step.outputs
        ),
        expected_ms=max((length for length in lengths if length), default=None),
        planned_argv=step.argv,
        reals=dict(sorted(reals.items(), key=lambda item: -len(item[0])))
        | {place.folder: "{work}"},
    )


def output_file(
    plan: Plan, step: CommandStep, addresses: Addresses, index: int, folder: str
) -> OutputFile:
    """An output of a step that works, or worked, in `folder`."""
    node, sidecar = plan.outputs[index], sidecar_name(index)
    return OutputFile(
        index=index,
        work_file=_output_path(index, folder),
        destination=addresses.destinations[index],
        planned=node.media_info,
        images=node.images,
        sidecar=sidecar if sidecar in step.files else None,
        traces=node.traces,
    )


def _value(token: GraphToken, place: Place) -> str:
    """A token of a filtergraph as FFmpeg reads it: each path is escaped as any value is."""
    match token:
        case WorkToken():
            return filter_value(f"{place.folder}/{token.name}")
        case FontFolderToken():
            return filter_value(workspace.FONTS)
        case FontToken():
            return filter_value(f"{workspace.FONTS}/{token.name}")
        case MeasuredToken():
            return filter_value(place.measured[token.step][token.key])


def locate(addresses: Addresses, input_id: str, place: Place) -> str:
    """The local path of an input. Raises: Failure."""
    if input_id in place.fetched:
        return os.path.join(place.folder_of(place.fetched[input_id]), MEDIA)
    index = addresses.place_of(input_id)
    return _input_path(index, addresses.sources[input_id], place)


def _path(token: ArgumentToken, addresses: Addresses, place: Place) -> str:
    match token:
        case InputToken():
            return locate(addresses, token.input, place)
        case StepToken():
            return f"{place.folder_of(token.step)}/{token.name}"
        case WorkToken():
            return f"{place.folder}/{token.name}"
        case OutputToken():
            path = _output_path(token.output, place.folder)
            # the number's pattern is FFmpeg's own; a percent sign of the folder's name is not
            return path.replace("%", "%%") + "-%04d" if token.is_numbered else path


def _input_path(index: int, uri: str, place: Place) -> str:
    try:
        return local.locate_source(uri, place.roots)
    except Failure as failure:
        at = Problem(
            code=failure.code,
            pointer=pointer("inputs", index, "source"),
            message=str(failure.message),
            suggestion=failure.meaning.remedy,
        )
        raise Failure(code=failure.code, message=failure.message, problems=[at]) from failure


def _output_path(index: int, folder: str) -> str:
    return os.path.join(folder, f"out{index}")
