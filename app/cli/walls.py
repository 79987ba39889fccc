"""What FFmpeg is kept in on this host, told or asked for where a process begins that starts FFmpeg."""

import sys

from app import settings
from app.cli.output import EXIT_FAILED, complain
from app.engine import process


def check_walls() -> None:
    """Say loudly what FFmpeg is not kept from, or end where SANDBOX=require. Raises: SystemExit."""
    walls = process.walls()
    if walls.is_whole:
        return
    if settings.current().sandbox == "require":
        complain(f"SANDBOX=require, but here is {walls.shown}")
        sys.exit(EXIT_FAILED)
    complain(f"the sandbox has holes on this host: {walls.shown}; see media-pipeline doctor")
