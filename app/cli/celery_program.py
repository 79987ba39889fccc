"""Celery's own `worker` and `beat` commands for our app: `python -m app.cli.celery_program worker …`.

Celery's umbrella command loads every command and plugin that is installed (Flower, a shell, a monitor)
before it runs one; that is a third of the time in which a worker starts.
"""

import sys
from importlib import import_module

from celery.bin.base import CLIContext

from app.queue.celery import celery


def main() -> None:
    name, *words = sys.argv[1:]
    command = getattr(import_module(f"celery.bin.{name}"), name)
    context = CLIContext(app=celery, no_color=True, workdir=None, quiet=False)
    command.main(args=words, prog_name=f"celery {name}", obj=context)


if __name__ == "__main__":
    main()
