"""/v1/operators."""
