"""Administration: database schema, API keys, and the doctor."""

import os
import re
import shutil
from collections.abc import Callable
from typing import Any

import click

from app import settings
from app.cli.output import EXIT_FAILED, out, print_json
from app.embedded import postgres, valkey
from app.engine import process, tools, workspace
from app.queue import breaker
from app.services import api_keys, health, job_admit
from app.store import migrate


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the schema to this version."""
    migrate.upgrade()
    out.print("schema is up to date")


@click.group()
def apikey() -> None:
    """API keys."""


@apikey.command()
@click.option("--tenant", default="default", show_default=True)
@click.option("--name", default="", help="What the key is for.")
@click.option("--scopes", default=",".join(api_keys.SCOPES), show_default=True)
@click.option("--json", "as_json", is_flag=True)
def create(tenant: str, name: str, scopes: str, as_json: bool) -> None:
    """Make a key and print it; it is not shown again."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    unknown = set(wanted) - set(api_keys.SCOPES)
    if unknown:
        raise click.BadParameter(
            f"unknown scope {sorted(unknown)[0]}; known: {', '.join(api_keys.SCOPES)}"
        )
    if not re.fullmatch(settings.TENANT_PATTERN, tenant, re.ASCII):
        raise click.BadParameter(f"a tenant's name must match {settings.TENANT_PATTERN}")
    key = api_keys.create(tenant, name, wanted)
    if as_json:
        print_json({"key": key, "tenant": tenant, "name": name, "scopes": wanted})
    else:
        out.print(key, markup=False)


@click.group()
def queue() -> None:
    """Jobs that wait to be admitted."""


def _queue_command(name: str, act: Callable[[], dict[str, Any]], explained: str) -> None:
    @queue.command(name, help=explained)
    @click.option("--json", "as_json", is_flag=True)
    def command(as_json: bool) -> None:
        found = act()
        if as_json:
            print_json(found)
            return
        state = "paused" if found["paused"] else "admitting"
        out.print(f"{state}: {found['depth']} waiting, {found['running']} worked on")
        for one in found["tenants"]:
            following = f", next {one['next'][0]}" if one["next"] else ""
            counts = f"{one['depth']} waiting, {one['running']} worked on{following}"
            out.print(f"  {one['tenant']:<20} {counts}", markup=False)


_queue_command("show", job_admit.show, "What waits, tenant by tenant.")
_queue_command("pause", lambda: job_admit.set_paused(True), "Admit no more jobs.")
_queue_command("resume", lambda: job_admit.set_paused(False), "Admit jobs again.")


@click.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> int:
    """Check this machine and the configured servers, and say what to do."""
    found = {name: _look(check) for name, check in _CHECKS.items()}
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        found |= health.check()["checks"] | {"remote hosts": _look(_remote_hosts)}
    if as_json:
        print_json(found)
    else:
        for name, verdict in found.items():
            sign = "[red]✗[/red]" if verdict.startswith("!") else "[green]✓[/green]"
            out.print(f"{sign} {name:<18} {verdict.lstrip('!')}")
    return EXIT_FAILED if any(verdict.startswith("!") for verdict in found.values()) else 0


def _look(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        return f"!{error}"


def _ffmpeg() -> str:
    found = tools.find(settings.current())
    return f"{found.version} at {found.ffmpeg}"


def _ffprobe() -> str:
    return tools.find(settings.current()).ffprobe


def _embedded_postgres() -> str:
    postgres.as_ordinary_user()
    return str(postgres.binaries())


def _embedded_valkey() -> str:
    return str(valkey.binary())


def _work_dir() -> str:
    path = settings.current().work_dir
    workspace.fingerprint(path)
    free = shutil.disk_usage(path).free >> 30
    return f"{path}, {free} GiB free" if free else f"!{path} has less than 1 GiB free: make room"


def _process_guard() -> str:
    if process.dies_with_parent("KILL"):
        return "FFmpeg dies with its worker (setpriv)"
    return "!setpriv is missing: FFmpeg may outlive a killed worker; install util-linux"


def _sandbox() -> str:
    found = process.walls()
    mend = "; run on Linux ≥ 5.13 with util-linux, and let containers use Landlock"
    return found.shown if found.is_whole else f"!{found.shown}{mend}"


def _remote_hosts() -> str:
    """Those whose breaker is not closed."""
    shown = [
        f"{one.host} is left alone ({one.state})"
        for one in breaker.states()
        if one.state != "closed"
    ]
    return f"!{', '.join(shown)}" if shown else "all answer"


_CHECKS: dict[str, Callable[[], str]] = {
    "ffmpeg": _ffmpeg,
    "ffprobe": _ffprobe,
    "embedded postgres": _embedded_postgres,
    "embedded valkey": _embedded_valkey,
    "work dir": _work_dir,
    "process guard": _process_guard,
    "sandbox": _sandbox,
}

COMMANDS = (db, apikey, queue, doctor)
