"""Steps that move bytes: what lies elsewhere is fetched before the commands that read it, and what
goes elsewhere is sent after the command that wrote it. FFmpeg sees local files alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from operators.contract import Estimates
from operators.duration import format_seconds
from planner.draft import Draft
from planner.extents import extent_of
from planner.graph import Node, NodeType
from planner.spec import InputSpec, OutputSpec
from planner.uri import is_remote
from planner.work import Work, encoding_work, spent, total

FETCH, UPLOAD = "fetch", "upload"
MEDIA = "media"
"""The name of a fetched file in its step's folder."""
_BYTES_A_MS = 20_000  # what a good line brings
_CPU_MS_A_MEGABYTE = 1.0


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One file's way, before its step has a number."""

    nodes: tuple[Node, ...]
    argv: tuple[str, ...]
    reason: str
    work: Work

    @property
    def inputs(self) -> list[str]:
        """The ids of the inputs that it fetches."""
        return [node.spec.id for node in self.nodes if isinstance(node.spec, InputSpec)]


def fetches(draft: Draft) -> list[Transfer]:
    """One a remote source that some group reads, in list order."""
    read = {node for group in draft.groups for name in group.nodes for node in draft.needs[name]}
    nodes: dict[str, list[Node]] = {}
    for node in draft.graph.of_type(NodeType.INPUT):
        assert isinstance(node.spec, InputSpec)
        if node.id in read and is_remote(node.spec.source):
            nodes.setdefault(node.spec.source, []).append(node)
    return [_fetch(draft, tuple(alike)) for alike in nodes.values()]


def _fetch(draft: Draft, nodes: tuple[Node, ...]) -> Transfer:
    spec = nodes[0].spec
    assert isinstance(spec, InputSpec)
    info, extent = draft.probed[spec.id], extent_of(draft, nodes)
    share = (extent[1] - extent[0]) / info.duration if extent and info.duration else 1
    part = ("-ss", format_seconds(extent[0]), "-to", format_seconds(extent[1])) if extent else ()
    return Transfer(
        nodes=nodes,
        argv=(FETCH, f"{{source:{spec.id}}}", f"{{work}}/{MEDIA}", *part),
        reason=f"{nodes[0].id} lies elsewhere" + ("; only a part of it is read" if extent else ""),
        work=_moved(FETCH, round((info.size_bytes or 0) * share)),
    )


def part_of(argv: Sequence[str]) -> tuple[float, float] | None:
    """The part, in seconds from and to, that a fetch is about; None: all of it."""
    return (float(argv[4]), float(argv[6])) if len(argv) > 3 else None


def uploads(draft: Draft, written_by: Mapping[str, str]) -> dict[str, list[Transfer]]:
    """One an output that goes elsewhere, by the step that writes it."""
    found: dict[str, list[Transfer]] = {}
    for node in draft.graph.of_type(NodeType.OUTPUT):
        if isinstance(node.spec, OutputSpec) and is_remote(node.spec.destination):
            found.setdefault(written_by[node.id], []).append(_upload(draft, node, written_by))
    return found


def _upload(draft: Draft, node: Node, written_by: Mapping[str, str]) -> Transfer:
    size = total(cost for _, cost in encoding_work(draft.encodings[node.id])).output_bytes
    number = node.index
    return Transfer(
        nodes=(node,),
        argv=(UPLOAD, f"{{step:{written_by[node.id]}}}/out{number}", f"{{destination:{number}}}"),
        reason=f"{node.id} goes elsewhere",
        work=_moved(UPLOAD, size),
    )


def _moved(verb: str, size_bytes: int) -> dict[str, Estimates]:
    cost = spent(size_bytes / (1 << 20) * _CPU_MS_A_MEGABYTE, 10)
    # what is fetched lies in WORK_DIR; what is sent lies there already
    disk = size_bytes if verb == FETCH else 0
    return {verb: replace(cost, wall_ms=100 + size_bytes // _BYTES_A_MS, disk_bytes=disk)}
