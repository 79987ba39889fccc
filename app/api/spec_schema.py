"""The JobSpec in OpenAPI, made from the planner's own declarations."""

from typing import Any

from planner.spec import JobFields, object_schema

EXAMPLE: dict[str, Any] = {
    "inputs": [{"id": "talk", "source": "file:///media/talk.mp4"}],
    "operations": [
        {"op": "trim", "input": "talk", "output": "cut", "params": {"start": 1, "end": "3s"}},
        {"op": "scale", "input": "cut", "output": "small", "params": {"height": 360}},
    ],
    "outputs": [{"id": "small", "destination": "file:///media/out/talk-360.mp4"}],
}


def request_body() -> dict[str, Any]:
    """The OpenAPI requestBody of endpoints that take a JobSpec."""
    schema = object_schema(JobFields)
    # a stored plan is run by its id alone
    by_plan = {
        "type": "object",
        "additionalProperties": False,
        "required": ["plan_id"],
        "properties": {"plan_id": {"type": "string", "maxLength": 64}},
    }
    content = {"schema": {"oneOf": [schema, by_plan]}, "example": EXAMPLE}
    return {"required": True, "content": {"application/json": content}}
