"""HTTP only: what a client sends and gets."""
