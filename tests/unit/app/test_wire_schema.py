"""What the API documents of plans and media is what it sends: every field, of every kind."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from app.api.plan_schema import MediaInfoSchema, PlanSchema
from planner.plan import Plan
from tests.helpers.infos import clip

STORED = sorted(Path(__file__).parents[1].joinpath("planner", "cases", "stored").glob("*.json"))


def differences(schema: Schema, document: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Fields that only one of the two has, or that are null where the schema says never."""
    for name in schema.fields.keys() ^ document.keys():
        yield f"{at}/{name}"
    for name, field in schema.fields.items():
        yield from _below(field, document.get(name), f"{at}/{name}")


def _below(field: fields.Field[Any], value: Any, at: str) -> Iterator[str]:
    if value is None:
        if not field.allow_none:
            yield f"{at} is null"
    elif isinstance(field, fields.Nested):
        yield from differences(field.schema, value, at)
    elif isinstance(field, fields.List):
        for number, item in enumerate(value):
            yield from _below(field.inner, item, f"{at}/{number}")
    elif isinstance(field, fields.Dict) and field.value_field:
        for name, item in value.items():
            yield from _below(field.value_field, item, f"{at}/{name}")
    else:
        field.deserialize(value)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_plan_has_the_fields_that_are_documented(path: Path) -> None:
    plan = Plan.from_json(json.loads(path.read_text())["plan"])

    assert list(differences(PlanSchema(), plan.to_json())) == []


def test_media_have_the_fields_that_are_documented() -> None:
    assert list(differences(MediaInfoSchema(), clip().to_json())) == []


def test_what_is_sent_is_not_filtered_again() -> None:
    document = clip().to_json()

    assert MediaInfoSchema().dump(document) is document
