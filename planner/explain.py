"""A plan for people: a readable tree. The shell script is `planner.script`."""

import shlex
from collections.abc import Mapping
from typing import Any

from planner import safety
from planner.plan import OperationNode, Plan, PlanNode, Step, StepEstimates

_GUARDS = " ".join(shlex.quote(word) for word in safety.UPLOADED_INPUT)


def as_tree(plan: Plan) -> str:
    """Nodes, then steps with reason, estimate and command. The guards of inputs are shortened."""
    lines = [f"{plan.plan_id}  (FFmpeg {plan.ffmpeg_version})", "", "nodes"]
    lines += [f"  {_node(node)}" for node in plan.nodes]
    lines += ["", "steps"]
    for step in plan.steps:
        lines += _step(step)
    cost = plan.estimates
    lines += [
        "",
        f"estimate: {_time(cost)}, {cost.cpu_ms / 1000:.1f} s of CPU,"
        f" {cost.peak_memory_bytes >> 20} MiB of memory, {_size(cost.output_bytes)} written",
    ]
    lines += [f"warning: {warning.pointer}: {warning.message}" for warning in plan.warnings]
    return "\n".join(lines)


def _time(cost: StepEstimates) -> str:
    """`about 12.1 s (9 of 10 runs below 15.0 s; from 120 attempts)`."""
    source = f"from {cost.samples} attempts" if cost.samples else "a first estimate"
    likely, most = cost.wall_ms / 1000, cost.wall_p90_ms / 1000
    return f"about {likely:.1f} s (9 of 10 runs below {most:.1f} s; {source})"


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"


def _node(node: PlanNode) -> str:
    info = node.media_info
    streams = [f"{video.codec or 'video'} {video.width}x{video.height}" for video in info.video]
    streams += [f"{audio.codec or 'audio'} {audio.sample_rate} Hz" for audio in info.audio]
    length = "" if info.duration_ms is None else f"{info.duration_ms / 1000:.3f} s, "
    given: Mapping[str, Any] = {}
    if isinstance(node, OperationNode):
        given = {key: value for key, value in node.params.items() if value is not None}
    params = "  " + " ".join(f"{key}={value}" for key, value in given.items()) if given else ""
    return f"{node.id:<24} {length}{', '.join(streams)}{params}"


def _step(step: Step) -> list[str]:
    after = f" after {', '.join(step.depends_on)}" if step.depends_on else ""
    command = shlex.join(step.argv).replace(_GUARDS, "…")
    return [
        f"  {step.step_id}{after}: {step.reason}",
        f"    {_time(step.estimates)}",
        f"    {command}",
    ]
