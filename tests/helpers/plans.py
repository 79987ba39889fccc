"""Plans for tests that need no planner."""

from collections.abc import Mapping, Sequence
from typing import Any

from operators.contract import Estimates
from operators.media import MediaInfo
from planner.plan import FFmpegStep, OutputNode, Plan, PlanNode, Step, StepEstimates, TextFile


def plan(nodes: Sequence[PlanNode] = (), steps: Sequence[Step] = ()) -> Plan:
    return Plan(
        plan_id="plan_0",
        job_id=None,
        created_at=None,
        ffmpeg_version="9",
        warnings=(),
        nodes=tuple(nodes),
        edges=(),
        execution_order=tuple(node.id for node in nodes),
        execution_stages=(),
        steps=tuple(steps),
    )


def output_node(index: int, **other: Any) -> OutputNode:
    return OutputNode(
        id=f"output_{index}",
        media_info=MediaInfo(tags={}),
        estimates=Estimates(),
        index=index,
        destination=f"file:///m/out{index}.mp4",
        format=None,
        metadata={},
        **other,
    )


def command_step(
    step_id: str = "s1",
    command: Sequence[str] = ("ffmpeg",),
    files: Mapping[str, str] | None = None,
    **other: Any,
) -> FFmpegStep:
    """`files`: texts by name."""
    common: dict[str, Any] = {"stage": 0, "nodes": (), "depends_on": (), "reason": ""}
    return FFmpegStep(
        step_id=step_id,
        work={},
        estimates=StepEstimates(),
        command=tuple(command),
        filtergraph=None,
        files={name: TextFile(text=text) for name, text in (files or {}).items()},
        **{**common, **other},
    )
