"""`media-pipeline up`: the whole service on this machine, until Ctrl-C."""

import errno
import fcntl
import os
import shutil
import socket
import sys
import time
import urllib.request
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import IO

import click

from app import log, settings
from app.cli import running
from app.cli.forked import FORKS
from app.cli.output import complain, out
from app.cli.signals import end_on_signals
from app.embedded.server import CannotStart
from app.embedded.stack import Stack
from app.embedded.supervisor import Supervisor
from app.engine import tools
from app.services import api_keys

_READY_S = 60
_LEAST_FREE_BYTES = 300 << 20


@click.command()
@click.option("--port", default=8080, show_default=True, help="Port of the API.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="FFmpeg worker processes.",
)
@click.option("--flower-port", default=5555, show_default=True, help="Port of Flower.")
@click.option("--no-flower", is_flag=True, help="Do without Flower.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help=f"Databases, logs, media.  [default: {running.FOLDER}]",
)
@click.option("--no-auth", is_flag=True, help="Let everybody in, for trying it out.")
def up(
    port: int,
    host: str,
    workers: int,
    flower_port: int,
    no_flower: bool,
    data_dir: Path | None,
    no_auth: bool,
) -> int:
    """Run API, workers, beat and Flower here, with embedded databases. Ctrl-C stops all of it."""
    around = click.get_current_context().parent
    given = data_dir or (around and around.params.get("data_dir"))
    folder = Path(given or running.FOLDER).absolute()
    (folder / "media").mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    _check_place(folder, (host, port), None if no_flower else ("127.0.0.1", flower_port))
    end_on_signals()
    env = {"MEDIA_ROOTS": os.environ.get("MEDIA_ROOTS") or str(folder / "media")}
    if no_auth:
        env["AUTH_MODE"] = "off"
    if _is_local(host) and not os.environ.get("ALLOW_PRIVATE_NETWORKS"):
        env["ALLOW_PRIVATE_NETWORKS"] = "true"
    try:
        with Stack(
            data_dir=folder, is_durable=True, forks=FORKS, extra_env=env,
            supervisor=Supervisor(report=complain),
        ) as stack:  # fmt: skip
            log.configure(settings.current())
            _first_key()
            stack.start("api", "serve", "--host", host, "--port", str(port))
            stack.start_workers(workers)
            stack.start("beat", "beat")
            if not no_flower:
                stack.start(
                    "flower", "flower", "--port", str(flower_port), "--db", str(folder / "flower.db"),
                    is_essential=False,
                )  # fmt: skip
            _await_api(f"http://{host}:{port}/healthz", stack)
            running.tell(folder)
            _greet(folder, f"http://{host}:{port}", None if no_flower else flower_port)
            while True:
                stack.watch()
                time.sleep(0.3)
    except KeyboardInterrupt:
        out.print("stopped")
        return 0
    finally:
        running.forget(folder)
        lock.close()


def _check_place(folder: Path, *addresses: tuple[str, int] | None) -> None:
    """What would keep the service from running, before anything is started. Raises: CannotStart,
    Failure."""
    tools.find(settings.current())
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise CannotStart(f"{folder} has {free >> 20} MiB free; the databases alone take some 100")
    for address, option in zip(addresses, ("--port", "--flower-port"), strict=True):
        if address is not None and not _is_free(*address):
            raise CannotStart(f"port {address[1]} is taken: choose another with {option}")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _is_local(host: str) -> bool:
    """Whether this machine alone is served."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _lock(folder: Path) -> IO[str]:
    """One service a folder. Raises: click.UsageError."""
    file = open(folder / "lock", "w")  # noqa: SIM115 - held until the process ends
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise click.UsageError(f"{folder} is in use by another media-pipeline up") from error
    return file


def _first_key() -> None:
    if settings.current().auth_mode == "required" and not api_keys.is_any():
        out.print(f"API key: {api_keys.create('default', 'first key')}", markup=False)


def _await_api(url: str, stack: Stack) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            stack.watch()
            time.sleep(0.1)
    complain(f"the API does not answer at {url}; see the logs")


def _greet(folder: Path, url: str, flower_port: int | None) -> None:
    roots = settings.current().media_roots
    lines = [f"API      {url}  (docs: {url}/docs)"]
    if flower_port:
        lines.append(f"Flower   http://127.0.0.1:{flower_port}")
    lines += [f"media    {roots}", f"logs     {folder / 'logs'}"]
    if settings.current().allow_private_networks:
        lines.append(
            "private networks may be sources and get webhooks (ALLOW_PRIVATE_NETWORKS=false)"
        )
    lines.append("Ctrl-C stops everything.")
    out.print("\n".join(lines), markup=False)
    sys.stdout.flush()


COMMANDS = (up,)
