"""/healthz, /readyz, /docs/errors."""
