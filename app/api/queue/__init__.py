"""/v1/queue."""
