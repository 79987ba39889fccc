"""Operators that make something else than a programme: pictures, waveforms."""
