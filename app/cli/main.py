"""The console script `media-pipeline`: finds the command, and loads no other.

A worker is started by this script and then becomes Celery: what it need not load, it does not.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click

from app.cli import running
from app.cli.output import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    complain,
)

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "run": ("run",),
    "up": ("up",),
    "explain": ("plan", "validate", "probe", "operators"),
    "client": ("submit", "status", "watch", "logs", "steps", "workers", "cancel", "retry", "list"),
    "servers": ("serve", "worker", "beat", "flower"),
    "administration": ("db", "apikey", "queue"),
    "doctor": ("doctor",),
}
"""The commands of each module of this package."""


_OF_A_SERVICE = ("administration", "doctor")
"""They look at a database: that of the environment, or of the `up` that runs here."""
_WORK_HERE = ("explain", "administration", "doctor")
"""Their lines must not get into what they print."""


def _log_to_stderr() -> None:
    from app import log, settings

    log.configure(settings.current())


_ADVICE = "Set {}, start media-pipeline up in this folder, or name its folder with --data-dir."


class _Families(click.Group):
    """Loads the module of a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in FAMILIES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for family, names in FAMILIES.items():
            if cmd_name in names:
                if family in _OF_A_SERVICE:
                    running.adopt(ctx.params.get("data_dir"))
                commands = import_module(f"app.cli.{family}").COMMANDS
                if family in _WORK_HERE:
                    _log_to_stderr()
                return next((found for found in commands if found.name == cmd_name), None)
        return None


@click.group(
    cls=_Families,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="media-pipeline")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    envvar="MEDIA_PIPELINE_DATA_DIR",
    help="Of the `up` whose database doctor, apikey, queue and db look at.",
)
def cli(data_dir: Path | None) -> None:
    """Turn a declarative job into the FFmpeg work that does it.

    Begin with `media-pipeline run SPEC.json`, or `media-pipeline up` for the whole service.
    """


def main() -> None:
    """Entry point. Exit codes: 0, 1 failed, 2 bad spec or usage, 3 unreachable, 130 interrupted."""
    try:
        sys.exit(cli(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(EXIT_USAGE)
    except Exception as wrong:
        sys.exit(_told(wrong))


def _told(wrong: Exception) -> int:
    """Say what is known of a failure, and its exit code; what is not known is raised again."""
    from app.embedded.server import CannotStart
    from app.embedded.supervisor import KeepsFailing
    from app.errors import Failure
    from app.settings import BadSettings

    if isinstance(wrong, BadSettings):
        complain(f"The environment cannot be used: {wrong}")
        return EXIT_USAGE
    if isinstance(wrong, (CannotStart, KeepsFailing, Failure)):
        complain(str(wrong))
        return EXIT_FAILED
    if isinstance(wrong, OSError) and wrong.errno is not None:
        complain(f"{wrong.filename or 'A file'}: {wrong.strerror}")
        return EXIT_FAILED
    return _told_of_servers(wrong)


def _told_of_servers(wrong: Exception) -> int:
    from redis.exceptions import RedisError
    from sqlalchemy.exc import ProgrammingError

    from app.redact import redact_text
    from app.store.session import Unreachable

    said = redact_text(str(getattr(wrong, "orig", None) or wrong)).strip().partition("\n")[0]
    if isinstance(wrong, Unreachable):
        complain(f"The database does not answer ({said}). {_ADVICE.format('DATABASE_URL')}")
        return EXIT_UNREACHABLE
    if isinstance(wrong, RedisError):
        complain(f"Redis does not answer ({said}). {_ADVICE.format('REDIS_URL')}")
        return EXIT_UNREACHABLE
    if isinstance(wrong, ProgrammingError):
        complain(f"The database has another schema ({said}): media-pipeline db upgrade")
        return EXIT_FAILED
    raise wrong
