"""/v1/jobs."""
