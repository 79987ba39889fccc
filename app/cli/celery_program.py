"""Celery's own `worker` and `beat` commands for our app: `python -m app.cli.celery_program worker …`.

Celery's umbrella command loads every command and plugin that is installed (Flower, a shell, a monitor)
before it runs one; that is a third of the time in which a worker starts.
"""

import sys
from importlib import import_module

from celery.bin.base import CLIContext

from app import settings
from app.cli.walls import check_walls
from app.engine.last_deadline import LastDeadline
from app.queue.celery import LAST_DEADLINE, celery

_AFTER_DRAIN_S = 8.0
"""Steps are given back, events and traces sent; then it is over."""


def main() -> None:
    name, *words = sys.argv[1:]
    command = getattr(import_module(f"celery.bin.{name}"), name)
    if name == "worker":
        check_walls()  # its children are forked with what is found
    now = settings.current()
    guard = LastDeadline(float(now.drain_s) + _AFTER_DRAIN_S, now.supervisor_pid or None)
    setattr(celery, LAST_DEADLINE, guard)
    guard.start()
    context = CLIContext(app=celery, no_color=True, workdir=None, quiet=False)
    try:
        command.main(args=words, prog_name=f"celery {name}", obj=context)
    finally:
        if lifecycle := sys.modules.get("tasks.lifecycle"):  # not of beat
            lifecycle.stop_heartbeat()


if __name__ == "__main__":
    main()
