"""The JobSpec in OpenAPI, made from the planner's own declarations, and an example that this server takes."""

from pathlib import Path
from typing import Any

from app import settings
from planner.spec import JobFields, object_schema
from planner.uri import file_uri

_PARTS = {"inputs": "JobInput", "operations": "JobOperation", "outputs": "JobOutput"}
_EXAMPLE = "Job"


def request_body() -> dict[str, Any]:
    """The OpenAPI requestBody of endpoints that take a JobSpec."""
    schema = {"oneOf": [_ref("schemas", "JobSpec"), _ref("schemas", "StoredPlan")]}
    content = {"schema": schema, "examples": {_EXAMPLE: _ref("examples", _EXAMPLE)}}
    return {"required": True, "content": {"application/json": content}}


def components() -> dict[str, dict[str, Any]]:
    """What that refers to, by kind and name."""
    job = object_schema(JobFields)
    schemas: dict[str, Any] = {"JobSpec": job}
    for field, name in _PARTS.items():
        place = job["properties"][field]
        schemas[name] = place["items"]
        place["items"] = _ref("schemas", name)
    # a stored plan is run by its id alone
    schemas["StoredPlan"] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["plan_id"],
        "properties": {"plan_id": {"type": "string", "maxLength": 64}},
    }
    shown = {"summary": "Three seconds of a talk, smaller", "value": example()}
    return {"schemas": schemas, "examples": {_EXAMPLE: shown}}


def example() -> dict[str, Any]:
    """A job that is accepted here, and done where `talk.mp4` lies in the first folder of MEDIA_ROOTS."""
    roots = settings.current().roots("default") or ("/media",)
    folder = Path(roots[0])
    return {
        "inputs": [{"id": "talk", "source": file_uri(str(folder / "talk.mp4"))}],
        "operations": [
            {"op": "trim", "input": "talk", "output": "cut", "params": {"start": 1, "end": "3s"}},
            {"op": "scale", "input": "cut", "output": "small", "params": {"height": 360}},
        ],
        "outputs": [{"id": "small", "destination": file_uri(str(folder / "talk-360.mp4"))}],
    }


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}
