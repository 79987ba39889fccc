"""The services of docker/compose.yaml as plain processes: the same commands, variables and secrets, with
this machine's servers and folders in place of those that containers have."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.embedded.postgres import Postgres
from app.embedded.valkey import Valkey
from tests.helpers import kinds
from tests.helpers.pace import scaled, until
from tests.helpers.s3 import KEYS, S3Server, s3_server
from tests.helpers.service import clean_env, free_port

DOCKER = Path(__file__).parents[2] / "docker"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")
_PORTS = {"api": "8080", "flower": "5555"}


def services(**given: str) -> dict[str, Any]:
    """Of the compose file, its variables filled in."""
    text = (DOCKER / "compose.yaml").read_text()
    filled = _VARIABLE.sub(lambda match: given.get(match[1], match[2]), text)
    found: dict[str, Any] = yaml.safe_load(filled)["services"]
    return found


def ours(found: dict[str, Any]) -> dict[str, Any]:
    """Those that run our image."""
    return {name: one for name, one in found.items() if "build" in one}


@dataclass(kw_only=True)
class Process:
    """A running service."""

    name: str
    port: int
    child: subprocess.Popen[bytes]
    healthcheck: list[str] | None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_healthy(self) -> bool:
        """What the container's health check says."""
        assert self.healthcheck
        done = subprocess.run(self.healthcheck, capture_output=True, check=False)
        return done.returncode == 0

    def end(self, within_s: float = 60) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(timeout=scaled(within_s))


@dataclass(kw_only=True)
class Deployment:
    """A folder with everything that containers would mount, and servers for them."""

    folder: Path
    s3: S3Server
    found: dict[str, Any]
    places: dict[str, str]
    extra: dict[str, str]
    running: list[Process] = field(default_factory=list)

    def start(self, name: str) -> Process:
        """One more container of a service."""
        service, port = self.found[name], free_port()
        again = sum(1 for one in self.running if one.name == name)
        ports = [f"--port={port}"] if name in _PORTS else []
        host = ["--host=127.0.0.1"] if name == "api" else []
        with open(self.folder / f"{name}-{len(self.running)}.log", "wb") as log:
            child = subprocess.Popen(
                self._named(self.command(name), again) + ports + host, env=self.environment(name, port),
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        check = service.get("healthcheck", {}).get("test")
        process = Process(
            name=name, port=port, child=child, healthcheck=check and self._check(check, name, port)
        )
        self.running.append(process)
        return process

    def command(self, name: str) -> list[str]:
        # the image's entry point is `tini -- media-pipeline`
        words = [self._here(word) for word in self.found[name]["command"]]
        return [str(Path(sys.executable).parent / "media-pipeline"), *words]

    @staticmethod
    def _named(words: list[str], again: int) -> list[str]:
        """Containers have host names of their own; here a worker's name tells them apart."""
        if "--name" not in words or not again:
            return words
        at = words.index("--name") + 1
        return [*words[:at], f"{words[at]}{again + 1}", *words[at + 1 :]]

    def environment(self, name: str, port: int = 0) -> dict[str, str]:
        given = {
            key: self._here(str(text)) for key, text in self.found[name]["environment"].items()
        }
        given["METRICS_LISTEN"] = f"127.0.0.1:{port}" if port else ""
        return clean_env(**{**given, **self.extra})

    def _check(self, words: list[str], name: str, port: int) -> list[str]:
        assert words[:2] == ["CMD", "health"]
        inside = _PORTS.get(name, "9540")
        return [sys.executable, str(DOCKER / "health.py"), words[2].replace(inside, str(port))]

    def _here(self, text: str) -> str:
        for inside, here in self.places.items():
            text = text.replace(inside, here)
        return text

    def run(self, name: str, *more: str) -> "subprocess.CompletedProcess[str]":
        """A one-shot service, or another command in its place."""
        command = [self.command(name)[0], *more] if more else self.command(name)
        return subprocess.run(
            command, env=self.environment(name), cwd=self.folder, capture_output=True, text=True,
            check=False, timeout=scaled(60),
        )  # fmt: skip

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text().strip()

    def login(self) -> tuple[str, str]:
        name, _, word = self.secret("flower_basic_auth").partition(":")
        return name, word

    def await_all(self, is_true: Callable[[Process], bool], seconds: float = 60) -> None:
        for process in self.running:

            def is_so(process: Process = process) -> bool:
                assert process.child.poll() is None, f"{process.name} ended: {self.logs()}"
                return is_true(process)

            until(f"{process.name} is ready", is_so, seconds, self.logs)

    def logs(self) -> str:
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-1500:]}" for f in files)

    def stop(self) -> None:
        for process in self.running:
            if process.child.poll() is None:
                process.child.send_signal(signal.SIGTERM)
        for process in self.running:
            try:
                process.child.wait(timeout=scaled(30))
            except subprocess.TimeoutExpired:
                process.child.kill()
                process.child.wait()


@contextmanager
def deployment(folder: Path, **variables: str) -> Iterator[Deployment]:
    """Servers, secrets and a migrated database; nothing of ours runs yet."""
    kinds.require("stack")
    with ExitStack() as stack:
        sockets = Path(tempfile.mkdtemp(prefix="mp-compose-"))
        stack.callback(shutil.rmtree, sockets, ignore_errors=True)
        postgres = Postgres(data=folder / "postgres", sockets=sockets / "s", is_durable=False)
        stack.callback(postgres.stop)
        valkey = Valkey(sockets=sockets / "v")
        stack.callback(valkey.stop)
        database_url, redis_url = postgres.start(), valkey.start()
        s3 = stack.enter_context(s3_server("nanio", folder))
        for name in ("media", "work"):
            (folder / name).mkdir()
        _make_secrets(folder, database_url)
        places = {
            "/run/secrets": str(folder / "secrets"),
            "redis://redis:6379/0": redis_url,
            "http://minio:9000": s3.endpoint,
            "/media": str(folder / "media"),
            "/work": str(folder / "work"),
        }
        made = Deployment(
            folder=folder, s3=s3, found=services(**variables), places=places,
            extra={"AWS_EC2_METADATA_DISABLED": "true"},
        )  # fmt: skip
        done = made.run("migrate")
        assert done.returncode == 0, done.stderr
        stack.callback(made.stop)
        yield made


def _make_secrets(folder: Path, database_url: str) -> None:
    """By the script that users run; then those of this machine's servers."""
    script = shutil.copy(DOCKER / "secrets.sh", folder / "secrets.sh")
    subprocess.run(["sh", script], check=True, capture_output=True)
    (folder / "secrets" / "database_url").write_text(database_url)
    (folder / "secrets" / "aws_credentials").write_text(
        f"[default]\naws_access_key_id = {KEYS['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {KEYS['AWS_SECRET_ACCESS_KEY']}\n"
    )
