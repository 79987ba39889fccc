"""First estimates of cost, from tables; never part of a plan's identity."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from operators.contract import Estimates
from operators.media import MediaInfo
from planner.draft import Draft, Group
from planner.encode import Encoding
from planner.graph import NodeType
from planner.spec import OperationSpec

_HD = 1280 * 720
_MEGABYTE = 1 << 20
_DEFAULT_BPS = 5_000_000
_START_MS = 60  # starting FFmpeg and opening its files
_DECODE = 0.05  # seconds of CPU for a second of 720p


class HasEstimates(Protocol):
    @property
    def estimates(self) -> Estimates: ...


def estimate_nodes(draft: Draft) -> dict[str, Estimates]:
    """Cost by node: decoding for inputs, filtering for operations, encoding for outputs."""
    found: dict[str, Estimates] = {}
    for node in draft.graph.nodes:
        info = draft.inferred.media[node.id]
        if node.type is NodeType.INPUT:
            found[node.id] = _decoding(info)
        elif isinstance(node.spec, OperationSpec):
            sources = [selection.info for selection in draft.inferred.sources[node.id]]
            found[node.id] = node.spec.operator.estimate(sources, info)
        else:
            found[node.id] = _encoding(draft.encodings[node.id])
    return found


def _frame_size(info: MediaInfo) -> float:
    return sum(video.width * video.height for video in info.video[:1]) / _HD


def _decoding(info: MediaInfo) -> Estimates:
    cpu = round((info.duration_ms or 0) * (_DECODE * _frame_size(info) + 0.005))
    return Estimates(
        cpu_ms=cpu, wall_ms=cpu, peak_memory_bytes=round(60 * _MEGABYTE * max(1, _frame_size(info)))
    )


def _encoding(encoding: Encoding) -> Estimates:
    result = encoding.result
    length_ms = result.duration_ms or 0
    size = _frame_size(result)
    factor = sum(
        track.encoder.cpu_factor * (size if track.kind == "video" else 1)
        for track in encoding.tracks
        if track.encoder
    )
    bits = _DEFAULT_BPS * size + 128_000 * len(result.audio)
    output = round(length_ms / 1000 * bits / 8)
    cpu = round(length_ms * factor)
    return Estimates(
        cpu_ms=cpu,
        wall_ms=cpu,
        peak_memory_bytes=round(200 * _MEGABYTE * max(0.1, size)),
        disk_bytes=output,
        output_bytes=output,
    )


def estimate_step(draft: Draft, group: Group, costs: Mapping[str, Estimates]) -> Estimates:
    """All nodes of a step together with the inputs that it decodes."""
    inside = set(group.nodes)
    read = {
        edge.source
        for edge in draft.graph.edges
        if edge.target in inside and draft.graph.by_id[edge.source].type is NodeType.INPUT
    }
    total = _total([costs[name] for name in sorted(inside | read)])
    return replace(total, cpu_ms=total.cpu_ms + _START_MS, wall_ms=total.wall_ms + _START_MS)


def _total(parts: Iterable[Estimates]) -> Estimates:
    sums = dict.fromkeys(Estimates.__dataclass_fields__, 0)
    for part in parts:
        for name in sums:
            sums[name] += getattr(part, name)
    return Estimates(**sums)


def sum_steps(steps: Sequence[HasEstimates]) -> Estimates:
    """A job's total: CPU and sizes add up; memory is that of the hungriest step."""
    total = _total(step.estimates for step in steps)
    peak = max((step.estimates.peak_memory_bytes for step in steps), default=0)
    return replace(total, peak_memory_bytes=peak)
