"""The plan as a value: what the planner makes, what is stored, and what workers execute.

Pure, and independent of the planner: the execution side reads plans by this package alone.
"""

from planner.plan.estimates import StepEstimates, Work
from planner.plan.files import CaptionFile, ConcatEntry, ConcatList, StepFile, TextFile
from planner.plan.nodes import InputNode, OperationNode, OutputNode, PlanNode, Trace
from planner.plan.plan import Edge, Plan
from planner.plan.steps import (
    CommandStep,
    FetchStep,
    FFmpegStep,
    MeasureStep,
    Part,
    Step,
    TransferStep,
    UploadStep,
)

__all__ = [
    "CaptionFile",
    "CommandStep",
    "ConcatEntry",
    "ConcatList",
    "Edge",
    "FFmpegStep",
    "FetchStep",
    "InputNode",
    "MeasureStep",
    "OperationNode",
    "OutputNode",
    "Part",
    "Plan",
    "PlanNode",
    "Step",
    "StepEstimates",
    "StepFile",
    "TextFile",
    "Trace",
    "TransferStep",
    "UploadStep",
    "Work",
]
