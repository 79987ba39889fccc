"""The nodes of a plan: what is read, what is done, what is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from operators.contract import Estimates
from operators.media import MediaInfo


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A stream of an output and the stream of an input that it shows, each by its number among the
    streams of its kind."""

    kind: str
    stream: int
    input: str
    input_stream: int
    start_ms: int
    """How far behind the beginning of the input lies what the output begins with."""
    gain_db: float
    """How much louder it is; 0 for pictures."""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class PlanNode:
    """What all nodes have. `media_info`: what was probed, inferred, or is to be written."""

    type: ClassVar[str]
    id: str
    media_info: MediaInfo
    estimates: Estimates

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "input_id": None,
            "index": None,
            "operator": None,
            "params": {},
            "media_info": self.media_info.to_json(),
            "estimates": self.estimates.to_json(),
            "traces": [],
        }


@dataclass(frozen=True, kw_only=True)
class InputNode(PlanNode):
    """An input that something reads. `start_offset`, `duration`: as in the spec, as text."""

    type = "input"
    input_id: str
    source: str
    start_offset: str
    duration: str | None
    format: str | None
    metadata: Mapping[str, str]
    version: str | None = None
    """Of a file on this machine: which version the plan was made for."""

    def to_json(self) -> dict[str, Any]:
        names = ("source", "start_offset", "duration", "format", "metadata", "version")
        params = {name: getattr(self, name) for name in names}
        return {**super().to_json(), "input_id": self.input_id, "params": params}


@dataclass(frozen=True, kw_only=True)
class OperationNode(PlanNode):
    """An operation, `index` in the spec's list, with every parameter."""

    type = "operation"
    index: int
    operator: str
    params: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        own = {"index": self.index, "operator": self.operator, "params": dict(self.params)}
        return {**super().to_json(), **own}


@dataclass(frozen=True, kw_only=True)
class OutputNode(PlanNode):
    """An output, `index` in the spec's list. `images`: how many pictures, None for what moves."""

    type = "output"
    index: int
    destination: str
    format: str | None
    metadata: Mapping[str, str]
    images: int | None = None
    traces: tuple[Trace, ...] = field(default=())
    """What its streams can be compared with."""

    def to_json(self) -> dict[str, Any]:
        names = ("destination", "format", "metadata", "images")
        params = {name: getattr(self, name) for name in names}
        own = {"index": self.index, "params": params, "traces": [t.to_json() for t in self.traces]}
        return {**super().to_json(), **own}


def read_node(document: Mapping[str, Any]) -> PlanNode:
    """Raises: KeyError, TypeError where this is no node of a plan."""
    common = {
        "id": document["id"],
        "media_info": MediaInfo.from_json(document["media_info"]),
        "estimates": Estimates.from_json(document["estimates"]),
    }
    params = document["params"]
    match document["type"]:
        case "input":
            return InputNode(**common, input_id=document["input_id"], **params)
        case "operation":
            operator = document["operator"]
            return OperationNode(
                **common, index=document["index"], operator=operator, params=params
            )
        case _:
            traces = tuple(Trace(**trace) for trace in document["traces"])
            return OutputNode(**common, index=document["index"], traces=traces, **params)
