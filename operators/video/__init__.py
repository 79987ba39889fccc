"""Operators on the picture."""
