"""The plan on the wire: steps and nodes of all kinds have the same fields, null where another kind has a
value."""

from marshmallow import fields

from app.api.schemas import ProblemItemSchema
from app.api.wire_schema import make_schema, schema_of, wire_fields
from operators.media import MediaInfo
from planner.plan import (
    CommandStep,
    FetchStep,
    InputNode,
    MeasureStep,
    OperationNode,
    OutputNode,
    Plan,
    PlanNode,
    Step,
    Trace,
    UploadStep,
)
from planner.plan.steps import FFmpegStep

_NODES = (InputNode, OperationNode, OutputNode)
_STEPS = (FFmpegStep, MeasureStep, FetchStep, UploadStep)


def _types(classes: tuple[type, ...]) -> dict[str, list[str]]:
    return {"enum": [cls.type for cls in classes]}  # type: ignore[attr-defined]


def _own(cls: type, *names: str) -> dict[str, fields.Field[object]]:
    """The fields that only some kinds have."""
    members = wire_fields(cls, is_optional=True)
    return {name: members[name] for name in names}


_Node = make_schema(
    "PlanNode",
    PlanNode.__doc__,
    {
        **wire_fields(PlanNode),
        "type": fields.String(metadata=_types(_NODES)),
        **_own(InputNode, "input_id"),
        **_own(OperationNode, "index", "operator"),
        "params": fields.Dict(
            metadata={
                "description": "Of an operation; of an input or output, what is read or written"
            }
        ),
        "traces": fields.List(fields.Nested(schema_of(Trace))),
    },
)
_Step = make_schema(
    "PlanStep",
    Step.__doc__,
    {
        **wire_fields(Step),
        "kind": fields.String(metadata={"enum": ["ffmpeg", "transfer"]}),
        "type": fields.String(metadata=_types(_STEPS)),
        "argv": fields.List(fields.String(), metadata={"description": "Exact but for tokens"}),
        **_own(CommandStep, "filtergraph"),
        "files": fields.Dict(metadata={"description": "By name: a text, a concat list, captions"}),
        **_own(MeasureStep, "measures"),
        **_own(FetchStep, "input", "part"),
        **_own(UploadStep, "output", "from_step"),
    },
)
_Edge = make_schema(
    "PlanEdge",
    "A node that reads another one.",
    {
        "from": fields.String(),
        "to": fields.String(),
        "stream_type": fields.String(metadata={"enum": ["video", "audio", "subtitle", "both"]}),
        "input_index": fields.Integer(),
    },
)

PlanSchema = make_schema(
    "Plan",
    Plan.__doc__,
    {
        "version": fields.Integer(metadata={"description": "Of this form of a plan"}),
        **wire_fields(Plan),
        "warnings": fields.List(fields.Nested(ProblemItemSchema)),
        "nodes": fields.List(fields.Nested(_Node)),
        "edges": fields.List(fields.Nested(_Edge)),
        "steps": fields.List(fields.Nested(_Step)),
    },
)
MediaInfoSchema = schema_of(MediaInfo)
