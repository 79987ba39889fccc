"""The single-machine mode: PostgreSQL, Valkey and FFmpeg from wheels, and the supervisor."""
