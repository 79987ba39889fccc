"""/v1/probe."""
