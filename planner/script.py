"""A plan as a shell script that makes the same files; needs only sh, awk and ffmpeg, and curl or aws
where media lie elsewhere."""

import shlex
from dataclasses import dataclass

from operators import registry
from operators.capabilities import TwoPass
from planner.plan import (
    CaptionFile,
    CommandStep,
    ConcatList,
    FetchStep,
    MeasureStep,
    Plan,
    Step,
    StepFile,
    TextFile,
    UploadStep,
)
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
from planner.uri import is_remote, parse_uri

_WORK = "\0work"
"""In paths: the script's own folder."""


def as_script(plan: Plan, job: Addresses, fonts: str) -> str:
    """The script of a plan; `fonts` is the folder of the bundled fonts.

    A measuring step runs once: where peaks must be limited, the service measures again and comes
    closer to the target; the script stays below the ceiling.
    """
    lines = [
        "#!/bin/sh",
        f"# {plan.plan_id}",
        "set -eu",
        "work=$(mktemp -d)",
        "trap 'rm -rf \"$work\"' EXIT",
        f"fonts={shlex.quote(fonts)}",
    ]
    writer = _Writer(plan=plan, job=job)
    for step in plan.steps:
        lines += ["", f"# {step.step_id}: {step.reason}", f'mkdir -p "$work/{step.step_id}"']
        lines += writer.lines(step)
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, kw_only=True)
class _Writer:
    """Writes the lines of steps. Paths may begin with `_WORK`."""

    plan: Plan
    job: Addresses

    def lines(self, step: Step) -> list[str]:
        match step:
            case FetchStep():
                return [self._fetch(step)]
            case UploadStep():
                return [self._upload(step)]
            case MeasureStep():
                return self._measure(step)
            case CommandStep():
                return [*self._files(step), self._command(step)]
        raise TypeError(step.type)

    def _source(self, input_id: str) -> str:
        """The path of an input: its own, or where it is fetched to."""
        fetch = self.plan.fetched_by.get(input_id)
        if fetch is not None:
            return f"{_WORK}/{fetch.step_id}/{MEDIA}"
        return parse_uri(self.job.sources[input_id]).path

    def _target(self, output: int) -> str:
        """The path of an output: its own, or where it is made to be sent."""
        uri = self.job.destinations[output]
        path = parse_uri(uri).path
        if not is_remote(uri):
            return path
        made_by = next(
            step.step_id
            for step in self.plan.steps
            if isinstance(step, CommandStep) and output in step.outputs
        )
        return f"{_WORK}/{made_by}/{path.rpartition('/')[2]}"

    def _fetch(self, step: FetchStep) -> str:
        """Credentials are those of whoever runs the script."""
        uri, here = self.job.sources[step.input], _quoted(f"{_WORK}/{step.step_id}/{MEDIA}")
        if parse_uri(uri).scheme == "s3":
            return f"aws s3 cp {_quoted(uri)} {here}"
        return f"curl -fsSL -o {here} {_quoted(uri)}"

    def _upload(self, step: UploadStep) -> str:
        folder, _, file = self._target(step.output).rpartition("/")
        stem = file.rpartition(".")[0] or file
        away = _quoted(self.job.destinations[step.output].rpartition("/")[0] + "/")
        only = f"--exclude '*' --include {shlex.quote(stem + '*')}"
        return f"aws s3 cp --recursive {only} {_quoted(folder)} {away}"

    def _measure(self, step: MeasureStep) -> list[str]:
        """Run the command, then take the values from its log."""
        node, name = self.plan.operation(step.measures), step.step_id
        kind = registry.find(node.operator)
        operator = kind.read(dict(node.params), "")[0] if kind else None
        if not isinstance(operator, TwoPass):
            raise LookupError(f"{node.operator} is not known as an operator that measures")
        log = f'"$work/{name}/log"'
        return [
            *self._files(step),
            *(f"{name}_{key}={value}" for key, value in operator.unmeasured().items()),
            f"{self._command(step)} 2> {log}",
            *(f"{name}_{key}=$({line})" for key, line in operator.shell_values(log).items()),
        ]

    def _files(self, step: CommandStep) -> list[str]:
        return [self._file(step, name, file) for name, file in step.files.items()]

    def _file(self, step: CommandStep, name: str, file: StepFile) -> str:
        """The line that writes a file beside the command."""
        path = f'"$work/{step.step_id}/{name}"'
        for output in step.outputs:
            if name == sidecar_name(output):
                path = _quoted(self._target(output).rpartition(".")[0] + ".vtt")
        match file:
            case TextFile():
                return f"printf %s {shlex.quote(file.text)} > {path}"
            case CaptionFile():
                source = _quoted(f"file:{self._source(file.input)}")
                words = f"-i {source} -map 0:s:{file.track}"
                return f"ffmpeg -nostdin -y -loglevel error {words} {path}"
            case ConcatList():
                text = "".join(self._entry(e.input, e.duration) for e in file.entries)
                return f"printf %s {_quoted(text)} > {path}"

    def _entry(self, input_id: str, duration: str) -> str:
        path = f"file:{self._source(input_id)}".replace("'", "'\\''")
        return f"file '{path}'\nduration {duration}\n"

    def _command(self, step: CommandStep) -> str:
        def argument(token: ArgumentToken) -> str:
            return self._argument(step, token)

        def value(token: GraphToken) -> str:
            return f'"{_variable(step, token)}"'

        return " ".join(fill(step.argv, argument, value, shlex.quote))

    def _argument(self, step: CommandStep, token: ArgumentToken) -> str:
        match token:
            case InputToken():
                return _quoted(f"file:{self._source(token.input)}")
            case OutputToken(is_numbered=True):
                target = self._target(token.output).replace("%", "%%")
                stem, _, extension = target.rpartition(".")
                return _quoted(f"file:{stem}-%04d.{extension}")
            case OutputToken():
                return _quoted(f"file:{self._target(token.output)}")
            case StepToken():
                return f'"file:$work/{token.step}/{token.name}"'
            case WorkToken():
                return f'"file:$work/{step.step_id}/{token.name}"'


def _variable(step: CommandStep, token: GraphToken) -> str:
    match token:
        case WorkToken():
            return f"$work/{step.step_id}/{token.name}"
        case FontFolderToken():
            return "$fonts"
        case FontToken():
            return f"$fonts/{token.name}"
        case MeasuredToken():
            return f"${token.step}_{token.key}"


def _quoted(text: str) -> str:
    """One shell word, a variable where the script's folder is meant."""
    return '"$work"'.join(shlex.quote(part) if part else "" for part in text.split(_WORK))
