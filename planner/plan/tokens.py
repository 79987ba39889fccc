"""Tokens: what a planned command has where only the executor knows the path or the value.

A whole argument may be a token; no text of a user ever is one. Inside a filtergraph a token stands where
a filter's value would, and a brace in a user's text stands behind a backslash (`operators.filtergraph`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

GRAPH_OPTION = "-filter_complex"
"""The option whose argument is a filtergraph."""

_NAME = r"/([\w.-]+)"
_ARGUMENT = re.compile(
    r"\{in:(?P<input>[^{}]+)\}"
    rf"|\{{step:(?P<step>s\d+)\}}(?P<made>{_NAME})"
    rf"|\{{work\}}(?P<work>{_NAME})"
    r"|\{out:(?P<output>\d+)(?P<pattern>:%04d)?\}"
)
_GRAPH = re.compile(
    r"(?<!\\)(?:"
    rf"\{{work\}}(?P<work>{_NAME})"
    r"|(?P<fonts>\{fonts\})"
    r"|\{font:(?P<font>[\w. -]+)\}"
    r"|\{measured:(?P<step>\w+)\.(?P<key>\w+)\})"
)


@dataclass(frozen=True)
class InputToken:
    """The local file of an input."""

    input: str

    def __str__(self) -> str:
        return f"{{in:{self.input}}}"


@dataclass(frozen=True)
class StepToken:
    """A file that an earlier step left."""

    step: str
    name: str

    def __str__(self) -> str:
        return f"{{step:{self.step}}}/{self.name}"


@dataclass(frozen=True)
class WorkToken:
    """A file in the step's own work folder."""

    name: str

    def __str__(self) -> str:
        return f"{{work}}/{self.name}"


@dataclass(frozen=True)
class OutputToken:
    """The work file of an output; `is_numbered`: one of several, with FFmpeg's pattern for its number."""

    output: int
    is_numbered: bool = False

    def __str__(self) -> str:
        return f"{{out:{self.output}:%04d}}" if self.is_numbered else f"{{out:{self.output}}}"


@dataclass(frozen=True)
class FontToken:
    """A bundled font."""

    name: str

    def __str__(self) -> str:
        return f"{{font:{self.name}}}"


@dataclass(frozen=True)
class FontFolderToken:
    """The folder of the bundled fonts."""

    def __str__(self) -> str:
        return "{fonts}"


@dataclass(frozen=True)
class MeasuredToken:
    """A value that a measuring step found."""

    step: str
    key: str

    def __str__(self) -> str:
        return f"{{measured:{self.step}.{self.key}}}"


ArgumentToken = InputToken | StepToken | WorkToken | OutputToken
GraphToken = WorkToken | FontToken | FontFolderToken | MeasuredToken


def parse(word: str) -> ArgumentToken | None:
    """The token that an argument is; None for every other argument."""
    match = _ARGUMENT.fullmatch(word)
    if match is None:
        return None
    if match["input"]:
        return InputToken(match["input"])
    if match["step"]:
        return StepToken(match["step"], match["made"][1:])
    if match["work"]:
        return WorkToken(match["work"][1:])
    return OutputToken(int(match["output"]), is_numbered=match["pattern"] is not None)


def parts(graph: str) -> Iterator[str | GraphToken]:
    """A filtergraph, cut into texts and tokens."""
    end = 0
    for match in _GRAPH.finditer(graph):
        yield graph[end : match.start()]
        yield _graph_token(match)
        end = match.end()
    yield graph[end:]


def _graph_token(match: re.Match[str]) -> GraphToken:
    if match["work"]:
        return WorkToken(match["work"][1:])
    if match["font"]:
        return FontToken(match["font"])
    if match["fonts"]:
        return FontFolderToken()
    return MeasuredToken(match["step"], match["key"])


def fill(
    argv: Sequence[str],
    argument: Callable[[ArgumentToken], str],
    value: Callable[[GraphToken], str],
    text: Callable[[str], str] = str,
) -> list[str]:
    """`argv` with every token replaced: an argument by `argument`, a value in a filtergraph by
    `value`. Everything else goes through `text`."""
    filled: list[str] = []
    for before, word in zip(("", *argv), argv, strict=False):
        if before == GRAPH_OPTION:
            filled.append(fill_graph(word, value, text))
        else:
            token = parse(word)
            filled.append(text(word) if token is None else argument(token))
    return filled


def fill_graph(
    graph: str, value: Callable[[GraphToken], str], text: Callable[[str], str] = str
) -> str:
    return "".join(text(part) if isinstance(part, str) else value(part) for part in parts(graph))
