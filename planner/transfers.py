"""Steps that move bytes: what lies elsewhere is fetched before the commands that read it, and what
goes elsewhere is sent after the command that wrote it. FFmpeg sees local files alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from operators.contract import Estimates
from operators.duration import format_seconds
from planner.draft import Draft
from planner.extents import extent_of
from planner.graph import Sink, Source
from planner.plan import Part, Work
from planner.uri import is_remote
from planner.work import encoding_work, spent, total

_BYTES_A_MS = 20_000  # what a good line brings
_CPU_MS_A_MEGABYTE = 1.0


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """A remote file that is fetched, before its step has a number. `inputs`: all that name it."""

    nodes: tuple[str, ...]
    inputs: tuple[str, ...]
    part: Part | None
    reason: str
    work: Work


@dataclass(frozen=True, kw_only=True)
class Upload:
    """An output that is sent, before its step has a number."""

    node: str
    output: int
    from_step: str
    reason: str
    work: Work


def fetches(draft: Draft) -> list[Fetch]:
    """One per remote source that some group reads, in list order."""
    read = {node for group in draft.groups for name in group.nodes for node in draft.needs[name]}
    nodes: dict[str, list[Source]] = {}
    for node in draft.graph.sources.values():
        if node.id in read and is_remote(node.spec.source):
            nodes.setdefault(node.spec.source, []).append(node)
    return [_fetch(draft, tuple(alike)) for alike in nodes.values()]


def _fetch(draft: Draft, nodes: tuple[Source, ...]) -> Fetch:
    inputs = tuple(node.spec.id for node in nodes)
    info, extent = draft.probed[inputs[0]], extent_of(draft, nodes)
    share = (extent[1] - extent[0]) / info.duration if extent and info.duration else 1
    return Fetch(
        nodes=tuple(node.id for node in nodes),
        inputs=inputs,
        part=Part(start=_seconds(extent[0]), end=_seconds(extent[1])) if extent else None,
        reason=f"{nodes[0].id} lies elsewhere" + ("; only a part of it is read" if extent else ""),
        work=_moved("fetch", round((info.size_bytes or 0) * share)),
    )


def _seconds(at: Fraction) -> float:
    """As finely as FFmpeg counts."""
    return float(format_seconds(at))


def uploads(draft: Draft, written_by: Mapping[str, str]) -> list[Upload]:
    """One per output that goes elsewhere, those of one step together. `written_by`: steps by node."""
    found: dict[str, list[Upload]] = {}
    for node in draft.graph.sinks.values():
        if is_remote(node.spec.destination):
            upload = _upload(draft, node, written_by[node.id])
            found.setdefault(upload.from_step, []).append(upload)
    return [upload for sent in found.values() for upload in sent]


def _upload(draft: Draft, node: Sink, from_step: str) -> Upload:
    size = total(cost for _, cost in encoding_work(draft.encodings[node.id])).output_bytes
    return Upload(
        node=node.id,
        output=node.index,
        from_step=from_step,
        reason=f"{node.id} goes elsewhere",
        work=_moved("upload", size),
    )


def _moved(verb: str, size_bytes: int) -> dict[str, Estimates]:
    cost = spent(size_bytes / (1 << 20) * _CPU_MS_A_MEGABYTE, 10)
    # what is fetched lies in WORK_DIR; what is sent lies there already
    disk = size_bytes if verb == "fetch" else 0
    return {verb: replace(cost, wall_ms=100 + size_bytes // _BYTES_A_MS, disk_bytes=disk)}
