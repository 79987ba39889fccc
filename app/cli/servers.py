"""The production processes, each one program in the foreground: serve, worker, beat, flower."""

import os
import runpy
import secrets
import sys
from math import ceil
from typing import NoReturn

import click

from app import settings
from app.cli.counts_folder import own_folder
from app.embedded import forks
from app.queue.names import CONTROL, MEDIA, PLANNING, TRANSFER, WEBHOOKS

_ALL_QUEUES = ",".join((CONTROL, PLANNING, MEDIA, TRANSFER, WEBHOOKS))


DRAINS = {"REMAP_SIGTERM": "SIGQUIT"}
"""To a worker: SIGTERM drains for worker_soft_shutdown_timeout and then gives steps back."""


def _become(*argv: str, **variables: str) -> NoReturn:
    """Be another program from here on: signals reach it, and nothing stands in between. A process that
    was forked has it loaded; any other one is replaced."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        variables["PROMETHEUS_MULTIPROC_DIR"] = own_folder()
    if not forks.is_forked():
        os.execve(sys.executable, [sys.executable, "-m", *argv], {**os.environ, **variables})
    os.environ.update(variables)
    settings.current.cache_clear()  # read before there were these variables
    sys.argv = list(argv)
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    sys.exit()


@click.command()
@click.option("--host", default="0.0.0.0", show_default=True)
@click.option("--port", default=8080, show_default=True)
@click.option("--processes", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--threads", default=64, show_default=True, type=click.IntRange(1, 256))
def serve(host: str, port: int, processes: int, threads: int) -> None:
    """Serve the HTTP API (gunicorn's processes, waitress's connections)."""
    _become(
        "gunicorn", "app.factory:create_app()", "--bind", f"{host}:{port}",
        # threads: requests wait for Postgres, not for the CPU
        "--worker-class", "app.cli.http_worker.HttpWorker",
        "--workers", str(processes), "--threads", str(threads),
        # requests in flight may end; then the process goes
        "--graceful-timeout", "15", "--timeout", "60",
        "--log-level", "warning", "--no-control-socket",
        # an event stream holds a thread: some must be left for requests
        EVENT_STREAMS=str(threads * 3 // 4),
    )  # fmt: skip


@click.command()
@click.option("--queues", default=_ALL_QUEUES, show_default=True)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    help="Tasks at once (default: MEDIA_SLOTS or cores).",
)
@click.option(
    "--name", default="worker", show_default=True, help="Stable name, for Flower and metrics."
)
@click.option(
    "--pool",
    type=click.Choice(["prefork", "threads"]),
    default="prefork",
    show_default=True,
    help="threads is for webhooks and planning: they mostly wait.",
)
def worker(queues: str, concurrency: int | None, name: str, pool: str) -> None:
    """Run tasks of some queues (celery)."""
    at_once = concurrency or settings.current().slots
    # a tenant has all slots at most where FFmpeg runs, half of them where things are moved: one or
    # more processes are always there for others
    spare = ceil(at_once / 4) if MEDIA in queues.split(",") else 0
    share = at_once if spare else ceil(at_once / 2)
    _become(
        "app.cli.celery_program", "worker", "--hostname", f"{name}@%h", "--queues", queues,
        "--concurrency", str(at_once + spare), "--pool", pool, "--loglevel", settings.current().log_level,
        "--without-mingle", "--without-gossip", "--events",
        **DRAINS,
        WORKER_SLOTS=str(at_once), WORKER_SHARE=str(share),
        # a new start is a new worker: what the old one held is not ours
        WORKER_ID=f"{name}@{os.uname().nodename}#{secrets.token_hex(4)}",
    )  # fmt: skip


@click.command()
def beat() -> None:
    """Send the periodic sweep (celery beat). Two of them do no harm."""
    _become(
        "app.cli.celery_program", "beat", "--loglevel", settings.current().log_level,
        # the schedule is static, so its file is worth nothing after a restart
        "--schedule", f"/dev/shm/media-pipeline-beat-{os.getpid()}" if os.path.isdir("/dev/shm") else "beat.db",
        "--pidfile", "",
    )  # fmt: skip


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5555, show_default=True)
@click.option("--url-prefix", default="", help="Where it is behind a proxy, for example flower.")
@click.option("--db", default="", help="File that keeps its tasks over restarts.")
def flower(host: str, port: int, url_prefix: str, db: str) -> None:
    """Show workers and tasks in a browser (Flower). FLOWER_BASIC_AUTH=name:password, or
    FLOWER_BASIC_AUTH_FILE, asks for a login; its /metrics and /healthcheck ask for none."""
    login = settings.from_environment(os.environ, "FLOWER_BASIC_AUTH")
    _become(
        "celery", "-A", "app.queue.celery:celery", "flower", f"--address={host}", f"--port={port}",
        "--tasks-columns=name,uuid,state,args,received,runtime,worker", "--logging=warning",
        *([f"--url-prefix={url_prefix}"] if url_prefix else []),
        # its pages count what was seen since its start unless it remembers
        *(["--persistent=true", f"--db={db}", "--state-save-interval=10000"] if db else []),
        # not on the command line: everybody on the machine reads those
        **({"FLOWER_BASIC_AUTH": login} if login else {}),
    )  # fmt: skip


COMMANDS = (serve, worker, beat, flower)
