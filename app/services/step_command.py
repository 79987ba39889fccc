"""A planned step as a command to run: tokens become local paths, and back again for display."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.engine import workspace
from app.engine.storage import local
from app.errors import Failure
from app.redact import redact_line
from operators.filtergraph import filter_value
from operators.media import MediaInfo
from operators.problem import Problem, pointer
from planner.files import numbered
from planner.transfers import FETCH, MEDIA

_IN = re.compile(r"\{in:([^{}]+)\}")
_STEP = re.compile(r"\{step:(s\d+)\}(/[\w.-]+)")
_WORK = re.compile(r"\{work\}(/[\w.-]+)")
_OUT = re.compile(r"\{out:(\d+)(:%04d)?\}")
# in a filtergraph a brace of a user's text stands behind a backslash (`operators.filtergraph`)
_IN_GRAPH = re.compile(r"(?<!\\)\{(work|fonts|font|measured)(?::([\w. -]+))?\}(/[\w.-]+)?")


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
    traces: Sequence[Mapping[str, Any]] = ()
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


def fetched_by(steps: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The step that fetches an input, by the input's id."""
    return {
        node.removeprefix("input_"): step["step_id"]
        for step in steps
        if step["argv"][0] == FETCH
        for node in step["nodes"]
    }


def build(
    plan: Mapping[str, Any], spec: Mapping[str, Any], step_id: str, ffmpeg: str, place: Place
) -> Command:
    """Fill in a step's tokens. Only whole arguments are tokens, so no text of a user's can be one.

    Raises: Failure where an input is gone.
    """
    step = next(s for s in plan["steps"] if s["step_id"] == step_id)
    nodes = {node["id"]: node for node in plan["nodes"]}
    reals: dict[str, str] = {}

    def fill(argument: str, before: str) -> str:
        if before == "-filter_complex":
            return fill_graph(argument, place)
        path = _path(argument, spec, place)
        if path is None:
            return argument
        reals[path] = argument
        return f"file:{path}"

    argv = tuple(map(fill, step["argv"], ["", *step["argv"]]))
    outputs = tuple(
        output_file(plan, spec, step, index, place.folder)
        for index in _output_indices(step["argv"])
    )
    lengths = [nodes[name]["media_info"]["duration_ms"] for name in step["nodes"]]
    return Command(
        argv=(ffmpeg, *argv[1:]),
        shown=shlex.join(step["argv"]),
        outputs=outputs,
        expected_ms=max((length for length in lengths if length), default=None),
        planned_argv=tuple(step["argv"]),
        reals=dict(sorted(reals.items(), key=lambda item: -len(item[0])))
        | {place.folder: "{work}"},
    )


def output_file(
    plan: Mapping[str, Any],
    spec: Mapping[str, Any],
    step: Mapping[str, Any],
    index: int,
    folder: str,
) -> OutputFile:
    """An output of a step that works, or worked, in `folder`."""
    node = next(node for node in plan["nodes"] if node["id"] == f"output_{index}")
    sidecar = f"out{index}.vtt"
    return OutputFile(
        index=index,
        work_file=_output_path(index, folder),
        destination=spec["outputs"][index]["destination"],
        planned=MediaInfo.from_json(node["media_info"]),
        images=node["params"].get("images"),
        sidecar=sidecar if sidecar in step["files"] else None,
        traces=node.get("traces", ()),  # a plan of an earlier version has none
    )


def _output_indices(argv: Sequence[str]) -> list[int]:
    found = (_OUT.fullmatch(argument) for argument in argv)
    return [int(match[1]) for match in found if match]


def fill_graph(graph: str, place: Place) -> str:
    """A filtergraph with its tokens filled in, each path escaped as any value is."""

    def value(match: re.Match[str]) -> str:
        word, name, rest = match[1], match[2], match[3] or ""
        if word == "measured":
            step, _, key = name.partition(".")
            return filter_value(place.measured[step][key])
        folders = {
            "work": place.folder,
            "fonts": workspace.FONTS,
            "font": f"{workspace.FONTS}/{name}",
        }
        return filter_value(folders[word] + rest)

    return _IN_GRAPH.sub(value, graph)


def locate(spec: Mapping[str, Any], input_id: str, place: Place) -> str:
    """The local path of an input. Raises: Failure."""
    if input_id in place.fetched:
        return os.path.join(place.folder_of(place.fetched[input_id]), MEDIA)
    index = next(n for n, given in enumerate(spec["inputs"]) if given["id"] == input_id)
    return _input_path(index, spec["inputs"][index]["source"], place)


def _path(argument: str, spec: Mapping[str, Any], place: Place) -> str | None:
    if match := _IN.fullmatch(argument):
        return locate(spec, match[1], place)
    if match := _STEP.fullmatch(argument):
        return place.folder_of(match[1]) + match[2]
    if match := _WORK.fullmatch(argument):
        return place.folder + match[1]
    if match := _OUT.fullmatch(argument):
        path = _output_path(int(match[1]), place.folder)
        # the number's pattern is FFmpeg's own; a percent sign of the folder's name is not
        return path.replace("%", "%%") + "-%04d" if match[2] else path
    return None


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
