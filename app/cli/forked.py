"""The processes of `up` and `run`: `media-pipeline` commands, forked from one that has loaded them."""

import sys
from collections.abc import Sequence

from app.cli.main import main
from app.cli.servers import DRAINS
from app.embedded.forks import Forks


def command(argv: Sequence[str]) -> None:
    """`media-pipeline ARGV`, in this process."""
    sys.argv = ["media-pipeline", *argv]
    main()


# Celery's pool reads DRAINS when it is loaded
FORKS = Forks(module="app.cli.loaded", program=command, env=DRAINS)
