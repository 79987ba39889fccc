"""The console script `media-pipeline`: puts the command families together."""

import sys

import click

from app.cli import administration, client, explain, run, servers, up
from app.cli.output import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, complain
from app.embedded.server import CannotStart
from app.embedded.supervisor import KeepsFailing
from app.errors import Failure
from app.settings import BadSettings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="media-pipeline")
def cli() -> None:
    """Turn a declarative job into the FFmpeg work that does it.

    Begin with `media-pipeline run SPEC.json`, or `media-pipeline up` for the whole service.
    """


for family in (run, up, explain, client, servers, administration):
    for command in family.COMMANDS:
        cli.add_command(command)


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
    except BadSettings as wrong:
        complain(f"The environment cannot be used: {wrong}")
        sys.exit(EXIT_USAGE)
    except (CannotStart, KeepsFailing, Failure) as wrong:
        complain(str(wrong))
        sys.exit(EXIT_FAILED)
