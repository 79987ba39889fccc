"""The doctor: looks at this machine and the configured servers, and says what to do."""

import os
from collections.abc import Sequence

import click
from rich.markup import escape

from app.cli.output import EXIT_FAILED, out, print_json
from app.embedded import postgres, valkey
from app.services import diagnosis

_NAMED = ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE")


@click.command()
@click.option("--only", multiple=True, help="One check; may be given several times.")
@click.option("--json", "as_json", is_flag=True)
def doctor(only: Sequence[str], as_json: bool) -> int:
    """Check this machine and the configured servers, and say what to do."""
    has_servers = any(os.environ.get(name) for name in _NAMED)
    checks = {**diagnosis.MACHINE, **(diagnosis.SERVERS if has_servers else _EMBEDDED)}
    if unknown := set(only) - set(checks):
        raise click.BadParameter(f"{sorted(unknown)[0]}; known: {', '.join(checks)}")
    found = diagnosis.look({name: checks[name] for name in only or checks})
    if as_json:
        print_json(found)
    else:
        for name, verdict in found.items():
            sign = "[red]✗[/red]" if verdict.startswith("!") else "[green]✓[/green]"
            out.print(
                f"{sign} {name:<18} {escape(verdict.lstrip('!'))}", highlight=False, soft_wrap=True
            )
    return EXIT_FAILED if any(verdict.startswith("!") for verdict in found.values()) else 0


def _postgres() -> str:
    postgres.as_ordinary_user()
    return str(postgres.binaries())


_EMBEDDED = {
    "embedded postgres": _postgres,
    "embedded valkey": lambda: str(valkey.binary()),
}
"""Instead of servers that nobody named."""

COMMANDS = (doctor,)
