"""Operators on time: which part plays, when."""
