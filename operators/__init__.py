"""The bottom layer, pure: what an operation is, and the catalogue of built-in operators."""
