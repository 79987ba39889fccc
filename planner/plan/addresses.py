"""Where a job's media are, with what URLs are signed with: read from its spec, never part of a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """URIs: `sources` by input id, in the order of the spec; `destinations` in the order of outputs."""

    sources: Mapping[str, str]
    destinations: Sequence[str]

    def place_of(self, input_id: str) -> int:
        """The place of an input in the spec. Raises: ValueError where it has none."""
        return list(self.sources).index(input_id)

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> Self:
        """`spec`: the document of a valid job."""
        return cls(
            sources={given["id"]: given["source"] for given in spec.get("inputs", ())},
            destinations=[given["destination"] for given in spec.get("outputs", ())],
        )
