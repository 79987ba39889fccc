"""The whole service on one machine: databases where none are given, migrations, processes."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app import settings
from app.embedded.forks import Forks
from app.embedded.postgres import Postgres
from app.embedded.supervisor import Service, Supervisor
from app.embedded.valkey import Valkey
from app.store import migrate

_UNSTEADY = "unsteady"
_DRAIN_S = "2"  # somebody who presses Ctrl-C waits


@dataclass(kw_only=True)
class Stack:
    """Everything that `up` and `run` start, and its end. Use as a context manager."""

    data_dir: Path
    is_durable: bool
    forks: Forks
    extra_env: Mapping[str, str] = field(default_factory=dict)
    supervisor: Supervisor = field(default_factory=Supervisor)
    _postgres: Postgres | None = field(default=None, init=False)
    _valkey: Valkey | None = field(default=None, init=False)
    _run_dir: Path | None = field(default=None, init=False)
    _told: str = field(default="", init=False)

    def __enter__(self) -> "Stack":
        try:
            self._set_environment()
            self.forks.prepare()
            self._start_databases()
            migrate.upgrade()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _set_environment(self) -> None:
        """All that our processes find in theirs, but for where the databases are."""
        # unix sockets have short names, so they get a short folder
        self._run_dir = Path(tempfile.mkdtemp(prefix="mp-"))
        found = dict(self.extra_env)
        found.setdefault("WORK_DIR", os.environ.get("WORK_DIR") or str(self.data_dir / "work"))
        # one folder for all: /metrics of the API shows what the workers counted, too
        found["PROMETHEUS_MULTIPROC_DIR"] = str(self._run_dir / "metrics")
        (self._run_dir / "metrics").mkdir()
        found["METRICS_LISTEN"] = ""
        found["SUPERVISOR_PID"] = str(os.getpid())
        found["UNSTEADY_FILE"] = str(self._run_dir / _UNSTEADY)
        found.setdefault("DRAIN_S", os.environ.get("DRAIN_S", _DRAIN_S))
        (self.data_dir / "logs").mkdir(parents=True, exist_ok=True)
        os.environ.update(found)

    def _start_databases(self) -> None:
        """Embedded servers unless DATABASE_URL and REDIS_URL name others."""
        assert self._run_dir is not None
        if not os.environ.get("DATABASE_URL"):
            self._postgres = Postgres(
                data=self.data_dir / "postgres", sockets=self._run_dir, is_durable=self.is_durable
            )
            os.environ["DATABASE_URL"] = self._postgres.start()
        if not os.environ.get("REDIS_URL"):
            self._valkey = Valkey(sockets=self._run_dir)
            os.environ["REDIS_URL"] = self._valkey.start()
        settings.current.cache_clear()

    def start(self, name: str, *argv: str, is_essential: bool = True) -> None:
        """Start one of our own processes: `start("beat", "beat")`."""
        self.supervisor.add(
            Service(
                begin=self.forks.begin,
                name=name,
                argv=argv,
                env=dict(os.environ),
                log_file=self.data_dir / "logs" / f"{name}.log",
                # a worker gives steps back after DRAIN_S; only then may it be killed
                grace_s=float(settings.current().drain_s) + 10,
                is_essential=is_essential,
            )
        )

    def watch(self) -> None:
        """Restart what ended, databases first; called again and again."""
        for server in (self._postgres, self._valkey):
            if server is not None and server.has_ended:
                self.supervisor.report(f"{type(server).__name__} ended, starts again")
                server.stop()
                server.start()
        self.supervisor.watch()
        self._tell()

    def _tell(self) -> None:
        """Let /readyz say what does not stay up."""
        assert self._run_dir is not None
        unsteady = ", ".join(self.supervisor.unsteady)
        if unsteady != self._told:
            fresh = self._run_dir / "unsteady.new"
            fresh.write_text(unsteady)
            fresh.replace(self._run_dir / _UNSTEADY)
            self._told = unsteady

    def start_workers(self, media_workers: int) -> None:
        """One worker for short work, one for transfers, and as many for FFmpeg as asked for."""
        self.start(
            "control", "worker", "--name", "control", "--queues", "control", "--concurrency", "2"
        )
        self.start(
            "webhooks", "worker", "--name", "webhooks", "--queues", "webhooks,planning",
            "--concurrency", "24", "--pool", "threads",
        )  # fmt: skip
        self.start(
            "transfer", "worker", "--name", "transfer", "--queues", "transfer", "--concurrency", "4"
        )
        for number in range(1, media_workers + 1):
            self.start(f"media{number}", "worker", "--name", f"media{number}", "--queues", "media")

    def stop(self) -> None:
        """Stop everything, in the order in which nobody misses anything."""
        self.supervisor.stop()
        if self._valkey:
            self._valkey.stop()
        if self._postgres:
            self._postgres.stop()
        if self._run_dir:
            shutil.rmtree(self._run_dir, ignore_errors=True)
