"""The media-pipeline command."""
