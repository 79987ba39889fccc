"""The whole service as a user starts it: `media-pipeline up` on a free port, and a client."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import httpx
import psycopg2

from app import settings
from app.engine import tools
from app.settings import Settings
from app.store.session import database_url
from operators.reading import declared
from tests.helpers import kinds, scripts
from tests.helpers.http_client import http_client
from tests.helpers.pace import scaled, until

# seconds instead of minutes: the same rules, faster
_SCALED_S = {
    "LEASE_S": 3, "HEARTBEAT_S": 1, "STALE_S": 4, "SWEEP_S": 1, "RETRY_BASE_S": 0.5, "RETRY_MAX_S": 2, "DRAIN_S": 1,
}  # fmt: skip
_FIXED = {
    "LOG_LEVEL": "warning", "RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_SUBMIT_PER_MINUTE": "0",
    # what a test waits for is time, which a second thread would only make dearer
    "FFMPEG_THREADS": "1",
    # as where others are served, too
    "ALLOW_PRIVATE_NETWORKS": "false",
}  # fmt: skip
VISIBILITY_TIMEOUT_S = 2.0
"""Of services whose broker is to deliver again what is not acknowledged."""
_BINARIES = {"FFMPEG_BINARY", "FFPROBE_BINARY"}
TERMINAL = ("completed", "failed", "cancelled")


def fast() -> dict[str, str]:
    """Settings of services that tests start: short times, as long as this machine needs."""
    return {**{name: f"{scaled(value):g}" for name, value in _SCALED_S.items()}, **_FIXED}


def clean_env(**more: str) -> dict[str, str]:
    """This process's environment without settings of the service, but for where FFmpeg is."""
    ours = {name.upper() for name in declared(Settings)} - _BINARIES
    return {**{k: v for k, v in os.environ.items() if k not in ours}, **fast(), **more}


@cache
def _paced() -> dict[str, str]:
    """An FFmpeg that can be slow without being busy."""
    found = tools.find(settings.load(os.environ))
    return {"FFMPEG_BINARY": scripts.paced(found.ffmpeg), "FFPROBE_BINARY": found.ffprobe}


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How a service is started, and where it prints."""

    argv: tuple[str, ...]
    env: dict[str, str]
    output: Path

    def begin(self) -> subprocess.Popen[bytes]:
        with open(self.output, "ab") as log:
            return subprocess.Popen(self.argv, env=self.env, stdout=log, stderr=subprocess.STDOUT)


@dataclass(kw_only=True)
class Service:
    """A running service, seen through its HTTP API and its processes."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    client: httpx.Client
    key: str
    launch: Launch

    def kill_and_begin_again(self) -> None:
        """SIGKILL to `up`, and another one on the same folder once nothing is left of the first."""
        family = descendants(self.process.pid)
        self.process.kill()
        self.process.wait()
        until("nothing is left", lambda: not any(map(is_alive, family)), 40)
        self.__dict__.pop("_database", None)
        self.process = self.launch.begin()
        _await_workers(self)

    @property
    def media(self) -> Path:
        return self.data_dir / "media"

    def place(self, made: Path) -> Path:
        """A file where the service may read it."""
        path = self.media / made.name
        return path if path.exists() else Path(shutil.copy(made, path))

    def submit(self, spec: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post("/v1/jobs", json=spec)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/jobs/{job_id}").raise_for_status().json()
        return found

    def wait(
        self, job_id: str, *statuses: str, seconds: float = 60, poll_s: float = 0.1
    ) -> dict[str, Any]:
        """The job once it has one of the statuses (default: an end)."""
        wanted = statuses or TERMINAL

        def ended() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in (*wanted, *TERMINAL) else None

        def show() -> str:
            return self.story(job_id)

        found = until(f"{job_id} is {' or '.join(wanted)}", ended, seconds, show, poll_s)
        assert found["status"] in wanted, f"{found['status']}, not {wanted}\n{show()}"
        return found

    def wait_running(self, job_id: str, seconds: float = 60) -> dict[str, Any]:
        """The job once FFmpeg has reported progress."""

        def progress() -> dict[str, Any] | None:
            job = self.job(job_id)
            assert job["status"] not in TERMINAL, f"{job['status']} too soon\n{self.story(job_id)}"
            return job if any(step["frame"] for step in job["progress"]["steps"]) else None

        return until(
            f"{job_id} reports progress", progress, seconds, lambda: self.story(job_id)
        )  # fmt: skip

    def story(self, job_id: str) -> str:
        """What is known of a job, its steps and the processes that should work for it."""
        job = self.job(job_id)
        lines = [f"{job['status']}: {job['error']}", f"progress: {job['progress']}"]
        for step in self.get(f"/v1/jobs/{job_id}/steps")["data"]:
            attempts = [(a["status"], a["worker"], a["error"]) for a in step["attempts"]]
            lines.append(f"{step['step_id']} {step['status']}: {attempts}")
        lines += [f"{pid} {command[:120]}" for pid, command in commands() if job_id in command]
        return "\n".join([*lines, self.logs()])

    def run(self, spec: dict[str, Any], seconds: float = 60) -> dict[str, Any]:
        return self.wait(self.submit(spec)["job_id"], seconds=seconds)

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def ride_out(self, path: str, seconds: float = 20) -> list[httpx.Response]:
        """Ask until five answers in a row are good; the bad answers before."""
        good, bad = 0, list[httpx.Response]()

        def is_over() -> bool:
            nonlocal good
            try:
                answer = self.client.get(path)
            except httpx.TransportError:  # of a process that ends, or is not yet there
                good = 0
                return False
            good = good + 1 if answer.is_success else 0
            bad.extend([] if answer.is_success else [answer])
            return good == 5

        until(f"five good answers in a row from {path}", is_over, seconds, self.logs)
        return bad

    def ffmpeg_pids(self, job_id: str) -> list[int]:
        """The FFmpeg processes that work for a job."""
        return ffmpeg_pids(job_id)

    def await_no_ffmpeg(self, job_id: str, seconds: float = 2) -> None:
        """Cancelled and timed-out jobs must have stopped by then."""
        until("FFmpeg has ended", lambda: not self.ffmpeg_pids(job_id), seconds, self.logs)

    def await_heartbeats(self) -> None:
        """Until every worker has reported once more: what was still under way has come by then."""
        ((now,),) = self.rows("SELECT now()")
        oldest = "SELECT min(last_heartbeat_at) FROM workers WHERE status = 'active'"

        def have_reported() -> bool:
            ((at,),) = self.rows(oldest)
            return bool(at > now)

        until("every worker has reported", have_reported, 20, self.logs)

    def pool_pids(self, job_id: str) -> list[int]:
        """The parents of those: Celery's pool processes."""
        return [int(stat(pid)[1]) for pid in self.ffmpeg_pids(job_id)]

    def pids(self, *words: str) -> list[int]:
        """The processes of this service whose command line has all of the words."""
        wanted = {self.process.pid, *descendants(self.process.pid)}
        return [
            pid
            for pid, command in commands()
            if pid in wanted and all(word in command for word in words)
        ]

    def environment(self) -> dict[str, str]:
        """What the service's own processes see, but for what is one process's alone."""

        def told() -> dict[str, str] | None:
            try:
                found = json.loads((self.data_dir / "service.json").read_text())
            except (OSError, ValueError):
                return None
            env: dict[str, str] = found["env"]
            return env if found["pid"] == self.process.pid else None

        return {**self.launch.env, **until("`up` tells where it runs", told, 30, self.logs)}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query of the service's own database gives."""
        with self._cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def execute(self, statement: str) -> None:
        """Change the service's own database."""
        with self._cursor() as cursor:
            cursor.execute(statement)

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        url = database_url(self._database).replace("+psycopg2", "")
        connection = psycopg2.connect(url, connect_timeout=3, options="-c statement_timeout=5000")
        try:
            with connection, connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    @cached_property
    def _database(self) -> str:
        return self.environment()["DATABASE_URL"]

    @contextmanager
    def another_worker(
        self, work_dir: Path, queues: str = "media"
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A media worker more, with a work folder of its own, as on another machine; ready to work."""
        with open(self.data_dir / "logs" / "another.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker", "--name", "another", "--queues", queues],
                env={**self.environment(), "WORK_DIR": str(work_dir)}, stdout=log, stderr=log,
            )  # fmt: skip
        active = "SELECT 1 FROM workers WHERE status = 'active' AND worker_id LIKE 'another@%'"
        try:
            until("the other worker is active", lambda: self.rows(active), 30, self.logs)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=scaled(30))

    def work_files(self, job_id: str = "") -> list[Path]:
        """Of one job, or of all."""
        return [path for path in files_in(self.data_dir / "work") if job_id in str(path)]

    def parts(self, name: str = "") -> list[Path]:
        """Unfinished outputs whose names begin so."""
        found = files_in(self.media)
        return [p for p in found if p.name.startswith(f".{name}") and p.suffix == ".part"]

    def logs(self) -> str:
        files = sorted((self.data_dir / "logs").glob("*.log"))
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-1500:]}" for f in files)


def is_alive(pid: int) -> bool:
    """Not a process that has ended and waits for its parent to notice."""
    try:
        return stat(pid)[0] != "Z"
    except OSError:
        return False


def files_in(folder: Path) -> list[Path]:
    """All files below; folders may go away while they are looked at."""
    found = [Path(root, name) for root, _, names in os.walk(folder) for name in names]
    return [path for path in found if path.is_file()]


def ffmpeg_pids(job_id: str) -> list[int]:
    """The FFmpeg processes that work for a job."""
    return [pid for pid, command in commands() if job_id in command and "-progress" in command]


def freeze(job_id: str) -> None:
    """Halt a job's FFmpeg: it is not done before somebody ends it."""
    for pid in ffmpeg_pids(job_id):
        os.kill(pid, signal.SIGSTOP)


def commands() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield (
                    int(entry.name),
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(),
                )
            except (OSError, UnicodeDecodeError):
                continue


def descendants(parent: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, _ in commands():
        try:
            children.setdefault(int(stat(pid)[1]), []).append(pid)
        except OSError:
            continue
    found: set[int] = set()
    waiting = [parent]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


def stat(pid: int) -> list[str]:
    """What /proc/PID/stat says behind the name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def processes_naming(text: str) -> list[str]:
    """The command lines of all processes that mention a text."""
    return [command for pid, command in commands() if text in command and pid != os.getpid()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_service(data_dir: Path, *options: str, **env: str) -> Iterator[Service]:
    """`media-pipeline up`, ready to serve; stopped at the end, with nothing left behind."""
    kinds.require("stack")
    port = free_port()
    launch = Launch(
        argv=(
            sys.executable, "-m", "app.cli", "up", "--port", str(port), "--data-dir", str(data_dir),
            "--no-flower", *options,
        ),
        env=clean_env(**{**_paced(), **env}), output=data_dir.parent / f"{data_dir.name}.up.log",
    )  # fmt: skip
    service = None
    process = launch.begin()
    try:
        key = _await_greeting(process, launch.output)
        headers = {"Authorization": f"Bearer {key}"}
        with http_client(f"http://127.0.0.1:{port}", headers) as client:
            service = Service(
                process=process, data_dir=data_dir, client=client, key=key, launch=launch
            )
            _await_workers(service)
            yield service
    finally:
        process = service.process if service else process
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=scaled(30))
        finally:
            process.kill()


def _await_greeting(process: subprocess.Popen[bytes], output: Path) -> str:
    def greeting() -> str | None:
        text = output.read_text()
        assert process.poll() is None, text
        return text if "Ctrl-C" in text else None

    match = re.search(r"mp_live_\w+", until("`up` greets", greeting, 60, output.read_text))
    return match[0] if match else ""


def _await_workers(service: Service) -> None:
    def is_ready() -> bool:
        assert service.process.poll() is None, service.launch.output.read_text()
        try:
            return bool(service.client.get("/readyz").json()["status"] == "ok")
        except httpx.TransportError:
            return False

    until("all workers are ready", is_ready, 60, service.logs)
