"""/v1/webhooks and /v1/webhook-secrets."""
