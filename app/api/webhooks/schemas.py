"""What goes in and out of /v1/webhooks and /v1/webhook-secrets."""

from marshmallow import Schema, fields, validate

from app.api.schemas import PageSchema, is_text


class WebhookTrySchema(Schema):
    at = fields.Str()
    status_code = fields.Int(allow_none=True)
    error = fields.Str(allow_none=True)
    duration_ms = fields.Int()


class WebhookDeliverySchema(Schema):
    """One event on its way; every try of it has the same `webhook-id`, which is `delivery_id`."""

    delivery_id = fields.Str()
    type = fields.Str()
    url = fields.Str()
    status = fields.Str(metadata={"enum": ["pending", "delivered", "failed"]})
    attempts = fields.List(fields.Nested(WebhookTrySchema))
    created_at = fields.Str()
    next_attempt_at = fields.Str(allow_none=True)


class WebhookDeliveryPageSchema(PageSchema):
    data = fields.List(fields.Nested(WebhookDeliverySchema))


class WebhookTestSchema(Schema):
    url = fields.Str(
        required=True,
        validate=[validate.Length(1, 2048), is_text],
        metadata={"example": "https://example.com/hooks/media"},
    )


class WebhookSecretSchema(Schema):
    """A secret that signs, without the secret itself."""

    secret_id = fields.Str()
    created_at = fields.Str()
    expires_at = fields.Str(allow_none=True)


class NewWebhookSecretSchema(WebhookSecretSchema):
    """The one time that a secret is seen."""

    secret = fields.Str(metadata={"description": "whsec_…; shown once"})


class WebhookSecretPageSchema(PageSchema):
    data = fields.List(fields.Nested(WebhookSecretSchema))
