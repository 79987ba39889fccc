"""Operators that draw on the picture."""
