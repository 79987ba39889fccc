"""A program for a process that becomes another, in a test."""

from app import settings

print(settings.current().worker_share)
