"""FFmpeg filtergraph text: filters, their links, and the one function that escapes values.

No user text reaches a filtergraph but through `filter_value`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from operators.duration import format_seconds
from operators.media import Kind, rate_text

_OPTION_LEVEL = frozenset("\\': \n\t\r")
# the brace is plain to FFmpeg; escaped, no text of a user's can be taken for one of our tokens
_GRAPH_LEVEL = frozenset("\\'[],; \n\t\r{")


def filter_value(text: str) -> str:
    """`text` as the value of a filter option: it reads back exactly, whatever it holds.

    Two parsers see it, the graph parser (outer) and the option parser (inner); each drops one
    level of backslashes. Always write `key=` in front. Raises ValueError on NUL.
    """
    if "\0" in text:
        raise ValueError("a filter value cannot hold a NUL character")
    return _escape(_escape(text, _OPTION_LEVEL), _GRAPH_LEVEL)


def _escape(text: str, special: frozenset[str]) -> str:
    return "".join("\\" + char if char in special else char for char in text)


class Expression(str):
    """A filter expression of our own making (never user text), escaped like any value."""


class Rate(Fraction):
    """A frame rate, written as N/D."""


@dataclass(frozen=True)
class Token:
    """A place that the executor fills in, `{work}/a.txt`: the one value that is not escaped."""

    text: str


@dataclass(frozen=True)
class Measured:
    """A value that the measuring pass of the same operation finds, for one of its tracks."""

    key: str
    track: int = 0


@dataclass(frozen=True)
class TextFile:
    """A file with exactly this text."""

    content: str


@dataclass(frozen=True)
class FontFile:
    """A bundled font, by file name."""

    name: str


@dataclass(frozen=True)
class FontFolder:
    """The folder that the bundled fonts are in."""


@dataclass(frozen=True)
class Captions:
    """The subtitles of the operation's input `source`, rewritten as ASS for a picture of this size."""

    source: int
    width: int
    height: int
    style: Mapping[str, object] = field(hash=False)
    encoding: str | None = None
    """Of the file's bytes; None: as they tell."""


Asset = Measured | TextFile | FontFile | FontFolder | Captions
"""Values that only the finished plan can write; `Filter.bound` turns them into tokens."""

Value = str | int | float | Fraction | bool | Token | Asset


@dataclass(frozen=True)
class Filter:
    """One filter: positional-free, options in the order given."""

    name: str
    options: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, filter_name: str, /, **options: Value | None) -> "Filter":
        """`Filter.of("scale", w=640, h=360)`; options that are None are left out."""
        given = tuple((key, value) for key, value in options.items() if value is not None)
        return cls(filter_name, given)

    def bound(self, bind: Callable[[Asset], Token]) -> "Filter":
        """The same filter, its assets turned into tokens."""
        if not any(isinstance(value, Asset) for _, value in self.options):
            return self
        options = [(k, bind(v) if isinstance(v, Asset) else v) for k, v in self.options]
        return replace(self, options=tuple(options))

    def __str__(self) -> str:
        options = ":".join(f"{key}={_written(value)}" for key, value in self.options)
        return f"{self.name}={options}" if options else self.name


def _written(value: Value) -> str:
    return value.text if isinstance(value, Token) else filter_value(_text(value))


def _text(value: Value) -> str:
    match value:
        case bool():
            return "1" if value else "0"
        case Rate():
            return rate_text(value)
        case Fraction():
            return format_seconds(value)
        case float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case _:
            return str(value)


@dataclass(frozen=True, order=True)
class Pad:
    """A stream on the edge of an operator: of its source number `source` (outputs: always 0),
    the `index`-th track of a kind. Source `INNER`: between the operator's own links."""

    kind: Kind
    index: int = 0
    source: int = 0


INNER = -1


def inner(kind: Kind, index: int) -> Pad:
    """A pad between two links of one operator."""
    return Pad(kind, index, INNER)


@dataclass(frozen=True, kw_only=True)
class Link:
    """Filters between pads: what one operator does to some of its streams.

    Without filters it only says which source an output is taken from. An output pad that no link
    names is the same track of source 0, passed through. `ahead`: how many seconds later on its own
    clock each input is read than the output is written (a cut skips them; what follows something
    else is read that much earlier, below 0); empty: none. `delay`: seconds of input that the filters
    keep to themselves before they give anything.
    """

    inputs: tuple[Pad, ...]
    filters: tuple[Filter, ...] = ()
    outputs: tuple[Pad, ...]
    ahead: tuple[Fraction, ...] = ()
    delay: Fraction = Fraction(0)


def render_chain(inputs: Iterable[str], filters: Iterable[Filter], outputs: Iterable[str]) -> str:
    """`[a][b]overlay=x=0:y=0,setsar=sar=1[c]`."""
    labels_in, labels_out = ("".join(f"[{label}]" for label in side) for side in (inputs, outputs))
    return labels_in + ",".join(map(str, filters)) + labels_out
