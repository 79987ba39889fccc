"""A stream of an output: where it comes from, and with which options it is written."""

from dataclasses import dataclass

from operators.filtergraph import Filter
from operators.media import Kind
from planner.codecs import Encoder


@dataclass(frozen=True, kw_only=True)
class EncodedTrack:
    """One stream of an output: where it is read from, filters that only this output needs, and
    the options, `{n}` standing for its number among the file's streams of the kind."""

    kind: Kind
    picked: tuple[Kind, int]
    """Which stream of what the output reads."""
    is_copied: bool
    filters: tuple[Filter, ...] = ()
    is_metered: bool = False
    """Whether its sound may be cut off at full scale, and is measured as it is encoded."""
    options: tuple[str, ...] = ()
    encoder: Encoder | None = None
    preset: str = "-"
    bitrate_bps: int | None = None
    """What was asked for, or of a copy what is stored: for estimates."""
