"""FFmpeg filtergraph text: filters, their links, and the one function that escapes values.

No user text reaches a filtergraph but through `filter_value`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from operators.duration import format_seconds
from operators.media import Kind, rate_text

_OPTION_LEVEL = frozenset("\\': \n\t\r")
_GRAPH_LEVEL = frozenset("\\'[],; \n\t\r")

Value = str | int | float | Fraction | bool


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
class Filter:
    """One filter: positional-free, options in the order given."""

    name: str
    options: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, filter_name: str, /, **options: Value | None) -> "Filter":
        """`Filter.of("scale", w=640, h=360)`; options that are None are left out."""
        given = tuple((key, value) for key, value in options.items() if value is not None)
        return cls(filter_name, given)

    def __str__(self) -> str:
        options = ":".join(f"{key}={filter_value(_text(value))}" for key, value in self.options)
        return f"{self.name}={options}" if options else self.name


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
    the `index`-th track of a kind."""

    kind: Kind
    index: int = 0
    source: int = 0


@dataclass(frozen=True, kw_only=True)
class Link:
    """Filters between pads: what one operator does to some of its streams.

    Without filters it only says which source an output is taken from. An output pad that no link
    names is the same track of source 0, passed through.
    """

    inputs: tuple[Pad, ...]
    filters: tuple[Filter, ...] = ()
    outputs: tuple[Pad, ...]


def render_chain(inputs: Iterable[str], filters: Iterable[Filter], outputs: Iterable[str]) -> str:
    """`[a][b]overlay=x=0:y=0,setsar=sar=1[c]`."""
    labels_in, labels_out = ("".join(f"[{label}]" for label in side) for side in (inputs, outputs))
    return labels_in + ",".join(map(str, filters)) + labels_out
