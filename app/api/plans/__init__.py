"""/v1/plans."""
