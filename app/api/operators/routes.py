"""Routes of /v1/operators: what can be done."""

from typing import Any

from marshmallow import Schema, fields, validate

from app.api.auth import requires
from app.api.body import Blueprint
from app.errors import Failure
from operators import registry
from operators.contract import Category
from operators.problem import Code, did_you_mean

operators = Blueprint(
    "operators", __name__, url_prefix="/v1/operators", description="The catalogue"
)


class DescriptorSchema(Schema):
    name = fields.Str()
    category = fields.Str()
    description = fields.Str()
    parameters = fields.List(fields.Dict())
    min_inputs = fields.Int()
    max_inputs = fields.Int()
    input_types = fields.List(fields.List(fields.Str()))
    passes = fields.Int()
    examples = fields.List(fields.Dict())


class OperatorListSchema(Schema):
    data = fields.List(fields.Nested(DescriptorSchema))
    has_more = fields.Bool()
    next_cursor = fields.Str(allow_none=True)


class OperatorQuerySchema(Schema):
    category = fields.Str(validate=validate.OneOf([c.value for c in Category]))


@operators.route("", methods=["GET"])
@requires("jobs:read")
@operators.arguments(OperatorQuerySchema, location="query")
@operators.response(200, OperatorListSchema)
def list_operators(query: dict[str, Any]) -> Any:
    """All operators with their parameters."""
    category = Category(query["category"]) if "category" in query else None
    found = [operator.describe().to_json() for operator in registry.listed(category)]
    return {"data": found, "has_more": False, "next_cursor": None}


@operators.route("/<name>", methods=["GET"])
@requires("jobs:read")
@operators.response(200, DescriptorSchema)
def get_operator(name: str) -> Any:
    """One operator: parameters, rules, examples."""
    operator = registry.find(name)
    if operator is None:
        hint = did_you_mean(name, registry.names())
        message = f'There is no operator "{name[:64]}".'
        raise Failure(code=Code.UNKNOWN_OPERATOR, message=message, suggestion=hint)
    return operator.describe().to_json()
