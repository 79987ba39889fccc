"""Administration: database schema, API keys, the queue."""

from collections.abc import Callable
from typing import Any

import click

from app import settings
from app.cli.output import out, print_json
from app.services import api_keys, job_admit
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
    if not settings.is_tenant(tenant):
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


COMMANDS = (db, apikey, queue)
