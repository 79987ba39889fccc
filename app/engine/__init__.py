"""Effects on media: processes, probing, work files, storage."""
