"""A plan for people: a readable tree. The shell script is `planner.script`."""

import shlex

from planner import safety
from planner.plan import PlanNode, ProcessingPlan
from planner.steps import Step

_GUARDS = " ".join(shlex.quote(word) for word in safety.UPLOADED_INPUT)


def as_tree(plan: ProcessingPlan) -> str:
    """Nodes, then steps with reason, estimate and command. The guards of inputs are shortened."""
    lines = [f"{plan.plan_id}  (FFmpeg {plan.ffmpeg_version})", "", "nodes"]
    lines += [f"  {_node(node)}" for node in plan.nodes]
    lines += ["", "steps"]
    for step in plan.steps:
        lines += _step(step)
    cost = plan.estimates
    lines += [
        "",
        f"estimate: {cost.cpu_ms / 1000:.1f} s of CPU, {cost.peak_memory_bytes >> 20} MiB of memory",
    ]
    lines += [f"warning: {warning.pointer}: {warning.message}" for warning in plan.warnings]
    return "\n".join(lines)


def _node(node: PlanNode) -> str:
    info = node.media_info
    streams = [f"{video.codec or 'video'} {video.width}x{video.height}" for video in info.video]
    streams += [f"{audio.codec or 'audio'} {audio.sample_rate} Hz" for audio in info.audio]
    length = "" if info.duration_ms is None else f"{info.duration_ms / 1000:.3f} s, "
    given = {
        key: value
        for key, value in (node.params or {}).items()
        if value is not None and node.operator
    }
    params = "  " + " ".join(f"{key}={value}" for key, value in given.items()) if given else ""
    return f"{node.id:<24} {length}{', '.join(streams)}{params}"


def _step(step: Step) -> list[str]:
    after = f" after {', '.join(step.depends_on)}" if step.depends_on else ""
    command = shlex.join(step.argv).replace(_GUARDS, "…")
    return [
        f"  {step.step_id}{after}: {step.reason}",
        f"    about {step.estimates.wall_ms / 1000:.1f} s",
        f"    {command}",
    ]
