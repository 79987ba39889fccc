"""The spec of a job that was accepted, as far as its execution reads it: the one reader of the stored
document. It was checked when the job was submitted, and is not checked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from operators.reading import read_fields
from planner.plan.addresses import Addresses
from planner.spec import LimitsSpec


@dataclass(frozen=True, kw_only=True)
class AcceptedSpec:
    """`limits`: those that the job asked for itself; `keeps_work_files`: for whoever looks into it."""

    addresses: Addresses
    limits: LimitsSpec
    webhook_url: str | None
    keeps_work_files: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        limits, _ = read_fields(LimitsSpec, document.get("limits") or {})
        return cls(
            addresses=Addresses.of(document),
            limits=LimitsSpec(**limits),
            webhook_url=document.get("webhook_url"),
            keeps_work_files=bool(document.get("debug")),
        )
