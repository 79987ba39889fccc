"""What goes in and out of /v1/api-keys."""

from marshmallow import Schema, ValidationError, fields, validate

from app.api.schemas import Moment, PageQuerySchema, PageSchema
from app.services.api_keys import SCOPES
from app.settings import TENANT_PATTERN, is_tenant


def _has_no_nul(text: str) -> None:
    if "\0" in text or not text.isprintable():
        raise ValidationError("Must hold printable characters only.")


def _is_tenant(text: str) -> None:
    if not is_tenant(text):
        raise ValidationError(f"Must match {TENANT_PATTERN}.")


class KeyCreateSchema(Schema):
    name = fields.Str(required=True, validate=[validate.Length(1, 200), _has_no_nul])
    tenant = fields.Str(
        load_default=None,
        allow_none=True,
        validate=_is_tenant,
        metadata={
            "description": "Whose jobs the key sees; the caller's own by default",
            "pattern": f"^{TENANT_PATTERN}$",
        },
    )
    scopes = fields.List(
        fields.Str(validate=validate.OneOf(SCOPES)),
        load_default=lambda: ["jobs:read", "jobs:write"],
        validate=validate.Length(min=1),
    )
    expires_at = Moment(load_default=None, allow_none=True)


class KeySchema(Schema):
    """A key as it is listed: never with its secret."""

    key_id = fields.Str()
    name = fields.Str()
    tenant = fields.Str()
    scopes = fields.List(fields.Str())
    created_at = fields.Str()
    expires_at = fields.Str(allow_none=True)
    last_used_at = fields.Str(allow_none=True)
    revoked_at = fields.Str(allow_none=True)


class NewKeySchema(Schema):
    """The one time that a key is seen."""

    key_id = fields.Str()
    key = fields.Str(metadata={"description": "mp_live_…; shown once"})
    name = fields.Str()
    tenant = fields.Str()
    scopes = fields.List(fields.Str())
    created_at = fields.Str()
    expires_at = fields.Str(allow_none=True)


class KeyQuerySchema(PageQuerySchema):
    tenant = fields.Str(load_default=None, metadata={"description": "Only keys of this tenant"})


class KeyPageSchema(PageSchema):
    data = fields.List(fields.Nested(KeySchema))
