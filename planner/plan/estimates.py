"""What a step costs: the amounts of work it was planned with, and the estimate made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operators.contract import Estimates

Work = Mapping[str, Estimates]
"""First estimates by class of work: `decode/h264/hd`, `encode/libx264/medium/hd`, `fetch`."""


@dataclass(frozen=True, kw_only=True)
class StepEstimates(Estimates):
    """`wall_p90_ms`: nine of ten runs take less. `samples`: the number of finished attempts behind
    the estimate, of the class of work that takes longest."""

    wall_p90_ms: int = 0
    samples: int = 0


def read_work(document: Mapping[str, Any]) -> Work:
    return {name: Estimates.from_json(amount) for name, amount in document.items()}
