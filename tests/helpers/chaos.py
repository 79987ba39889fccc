"""`make chaos`: short jobs on two workers while things die, come twice, late, or are forgotten.

Seeded and bounded. At the end every job has ended, every output is what was asked for, no step was
published twice, and no process, work file or open row is left. Prints what was done and what came of
it. The short form is tests/e2e/test_chaos.py.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg2
from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from app import settings
from app.engine import tools
from app.queue import names
from tests.helpers.media import Media
from tests.helpers.pace import scaled, until
from tests.helpers.service import TERMINAL, Service, commands, descendants, running_service
from tests.helpers.specs import job, op
from tests.helpers.web import web_server

SETTINGS = {
    "ALLOW_PRIVATE_NETWORKS": "true",
    "RETENTION_WORK_HOURS": "0",  # whose job failed for good may leave none either
}
_AT_LEAST = 3  # jobs to harm
_FRAMES = 120
_DRIPS_S = 10.0


@dataclass(kw_only=True)
class Report:
    """What was done, and what came of it."""

    faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0

    def show(self) -> Table:
        table = Table("what", "how often", title=f"chaos, {self.seconds:.0f} s")
        for name, counts in (
            ("", self.faults),
            ("job ", self.statuses),
            ("attempt ", self.attempts),
        ):
            for key, count in sorted(counts.items()):
                table.add_row(name + key, str(count))
        for text in self.wrong:
            table.add_row(f"[red]{text}[/red]", "")
        return table


@dataclass(kw_only=True)
class Chaos:
    """A service, jobs, and a driver that harms it."""

    service: Service
    chance: random.Random
    frozen_s: float
    preset: str = "slower"
    """Of the encodes: how long a job takes."""
    report: Report = field(default_factory=Report)
    _busy: list[threading.Thread] = field(default_factory=list)

    # faults: each does its harm, or returns False where there is nothing to harm now

    def kill_pool_child(self) -> bool:
        return self._kill(self._children_of_workers(), signal.SIGKILL)

    def kill_worker(self) -> bool:
        return self._kill(self._workers(), signal.SIGKILL)

    def terminate_worker(self) -> bool:
        return self._kill(self._workers(), signal.SIGTERM)

    def kill_ffmpeg(self) -> bool:
        return self._kill(self._ffmpegs(), signal.SIGKILL)

    def kill_beat(self) -> bool:
        return self._kill(self.service.pids("celery", " beat "), signal.SIGKILL)

    def restart_postgres(self) -> bool:
        return self._kill(self.service.pids("bin/postgres", "-D"), signal.SIGINT)

    def restart_redis(self) -> bool:
        return self._kill(self.service.pids("valkey-server"), signal.SIGKILL)

    def flush_redis(self) -> bool:
        with suppress(RedisError), self.redis() as client:
            return bool(client.flushall())
        return False

    def freeze_worker(self) -> bool:
        """A worker with all that it runs stands still for longer than its lease, then goes on."""
        workers = self._workers()
        if not workers:
            return False
        worker = self.chance.choice(workers)
        return self._freeze([worker, *descendants(worker)])

    def cut_off_postgres(self) -> bool:
        """Postgres does not answer for a while, as behind a network that is cut."""
        return self._freeze(self.service.pids("postgres"))

    def cut_off_redis(self) -> bool:
        return self._freeze(self.service.pids("valkey-server"))

    def terminate_without_redis(self) -> bool:
        """A worker is told to end while Redis does not answer."""
        return self.cut_off_redis() and self.terminate_worker()

    def kill_one_ten_times(self) -> bool:
        """One kind of process, again and again, faster than it can be called healthy."""
        words = self.chance.choice((("celery", " beat "), ("celery", "control@"), ("gunicorn",)))

        def kill() -> None:
            for _ in range(10):
                pids = self.service.pids(*words)
                _signal_all(pids[:1], signal.SIGKILL)
                time.sleep(1.5)

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        self._busy.append(thread)
        return True

    def kill_everything(self) -> bool:
        """`up` itself, and another one in its place."""
        for thread in self._busy:
            thread.join()
        self.service.kill_and_begin_again()
        self.redis_url = self.service.environment()["REDIS_URL"]
        return True

    def _freeze(self, pids: list[int]) -> bool:
        _signal_all(pids, signal.SIGSTOP)
        self._later(scaled(self.frozen_s), lambda: _signal_all(pids, signal.SIGCONT))
        return bool(pids)

    def duplicate_messages(self) -> bool:
        """Every message that waits now comes twice."""
        with suppress(RedisError), self.redis() as client:
            for key, messages in _messages(client):
                client.rpush(key, *messages)
            return True
        return False

    def delay_messages(self) -> bool:
        """Messages that wait now come seconds later, after all that is sent meanwhile."""
        with suppress(RedisError), self.redis() as client:
            taken = _messages(client)
            for key, _ in taken:
                client.delete(key)
            self._later(3, lambda: self._put_back(taken))
            return bool(taken)
        return False

    def _put_back(self, taken: list[tuple[str, list[bytes]]]) -> None:
        with suppress(RedisError), self.redis() as client:
            for key, messages in taken:
                client.lpush(key, *messages)

    # what there is

    def redis(self) -> Redis:
        return Redis.from_url(self.redis_url, socket_timeout=2, socket_connect_timeout=2)

    def __post_init__(self) -> None:
        self.redis_url = self.service.environment()["REDIS_URL"]

    def _workers(self) -> list[int]:
        """The main processes of the media workers."""
        found = set(self.service.pids("celery", "media"))
        return sorted(pid for pid in found if not found & {_parent(pid)})

    def _children_of_workers(self) -> list[int]:
        return sorted({_parent(pid) for pid in self._ffmpegs()} - {0, 1})

    def _ffmpegs(self) -> list[int]:
        work = str(self.service.data_dir / "work")
        return [pid for pid, command in commands() if work in command and "-progress" in command]

    def _kill(self, pids: list[int], number: int) -> bool:
        if not pids:
            return False
        _signal_all([self.chance.choice(pids)], number)
        return True

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()

    # the run

    def run(self, jobs: int, faults: int, pause_s: tuple[float, float], limit_s: float) -> Report:
        """Submit jobs, do harm, wait for the end, look at what is left."""
        began = time.monotonic()
        media = Media(binaries=tools.find(settings.current()), folder=self.service.media)
        clip = media.clip("chaos.mp4", seconds=_FRAMES / 30, size="640x360")
        tiny = media.clip("tiny.mp4", seconds=1, size="160x120")
        with Nuisance(chaos=self, clip=clip, tiny=tiny) as nuisance:
            ids = [self._submit(clip, number) for number in range(jobs)]
            self._harm(faults, pause_s, ids, clip)
            for thread in self._busy:
                thread.join()
            ids_of_all = [*ids, *nuisance.ids]
            self._await_end(ids_of_all, limit_s)
            self._look(ids, nuisance)
        self.report.seconds = time.monotonic() - began
        return self.report

    def _submit(self, clip: Path, number: int) -> str:
        out = self.service.media / "chaos" / f"{number}.mp4"
        operations = [op("scale", "src", "o", width=560 + 2 * (number % 40))]
        if number % 4 == 0:
            operations = [op("loudnorm", "src", "l"), op("scale", "l", "o", width=560)]
        spec = job(clip, *operations, o=out)
        spec["outputs"][0]["codec"] = {"video": {"codec": "h264", "preset": self.preset}}

        def submitted() -> str | None:
            assert self.service.process.poll() is None, "the service itself has ended"
            with suppress(httpx.HTTPError):
                answer = self.service.client.post("/v1/jobs", json=spec)
                if answer.status_code == 201:
                    return str(answer.json()["job_id"])
                assert answer.status_code == 503, answer.text
            return None

        return until("a job is accepted", submitted, 60, self.service.logs) or ""

    def _harm(self, faults: int, pause_s: tuple[float, float], ids: list[str], clip: Path) -> None:
        """The kinds in turn, shuffled, so that a short run has as many kinds as it can. Jobs that end
        sooner than harm is done to them, as on a slow machine, are followed by others."""
        for act in self._order(faults):
            time.sleep(self.chance.uniform(*pause_s))  # at any moment
            while len(ids) - self._ended(ids) < _AT_LEAST:
                ids.append(self._submit(clip, len(ids)))
            if self._insist(act):
                self.report.faults[act.__name__] += 1

    @staticmethod
    def _insist(act: Callable[[], bool]) -> bool:
        """Wait a little for something to harm."""
        with suppress(AssertionError):
            return until("there is something to harm", act, 3)
        return False

    def _order(self, faults: int) -> Iterator[Callable[[], bool]]:
        kinds: list[Callable[[], bool]] = []
        for _ in range(faults):
            if not kinds:
                kinds = [getattr(self, name) for name in FAULTS]
                self.chance.shuffle(kinds)
            yield kinds.pop()

    def _ended(self, ids: list[str]) -> int:
        try:
            found = dict(self.service.rows("SELECT job_id, status FROM jobs"))
        except (psycopg2.OperationalError, psycopg2.errors.QueryCanceled):
            return 0
        return sum(found.get(job_id) in TERMINAL for job_id in ids)

    def _await_end(self, ids: list[str], seconds: float) -> None:
        def is_over() -> bool:
            assert self.service.process.poll() is None, "the service itself has ended"
            is_left = self.service.work_files() or self._ffmpegs()
            return self._ended(ids) == len(ids) and not is_left

        try:
            until("all jobs have ended", is_over, seconds)
        except AssertionError as late:
            self.report.wrong.append(f"not over: {late}")
            self.report.wrong += [f"{path} is left" for path in self.service.work_files()[:10]]
            is_open = f"SELECT job_id FROM jobs WHERE status NOT IN {TERMINAL}"
            for (job_id,) in self.service.rows(f"{is_open} LIMIT 3"):
                self.report.wrong.append(self.service.story(job_id))

    def _look(self, ids: list[str], nuisance: "Nuisance") -> None:
        report, count = self.report, self._count
        report.wrong += nuisance.wrong()
        among = "', '".join(ids)
        report.statuses.update(status for (status,) in self.service.rows("SELECT status FROM jobs"))
        report.attempts.update(
            status for (status,) in self.service.rows("SELECT status FROM step_attempts")
        )
        lost = len(ids) + len(nuisance.ids) - count("SELECT count(*) FROM jobs")
        checks = {
            "jobs were lost": lost,
            "jobs are open": count(f"SELECT count(*) FROM jobs WHERE status NOT IN {TERMINAL}"),
            "steps are open": count(f"SELECT count(*) FROM steps WHERE status NOT IN {TERMINAL}"),
            "attempts are open": count(
                "SELECT count(*) FROM step_attempts WHERE status = 'running'"
            ),
            "steps were published twice": count(
                "SELECT count(*) FROM (SELECT job_id, step_id FROM step_attempts"
                " WHERE status = 'completed' GROUP BY 1, 2 HAVING count(*) > 1) twice"
            ),
            "jobs failed without blame": count(
                "SELECT count(*) FROM jobs WHERE status = 'failed' AND error->>'code' NOT IN ('WORKER_CRASHED', 'FFMPEG_CRASHED')"
                f" AND job_id IN ('{among}')"
            ),
            "work files are left": len(self.service.work_files()),
            "parts are left": len(self.service.parts()),
            "FFmpeg processes are left": len(self._ffmpegs()),
            "outputs are wrong": sum(not self._is_right(job_id) for job_id in ids),
        }
        report.wrong += [f"{count} {what}" for what, count in checks.items() if count]
        errors = self.service.rows(
            "SELECT error->>'code', error->>'message' FROM jobs WHERE status = 'failed'"
        )
        report.wrong += [f"  {code}: {text}" for code, text in errors if report.wrong]

    def _count(self, query: str) -> int:
        return int(self.service.rows(query)[0][0])

    def _is_right(self, job_id: str) -> bool:
        """A completed job has its file, decodable to the last frame; any other has none."""
        found = self.service.job(job_id)
        path = Path(found["spec"]["outputs"][0]["destination"].removeprefix("file://"))
        if found["status"] != "completed":
            return not path.exists()
        media = Media(binaries=tools.find(settings.current()), folder=path.parent)
        return len(media.frame_hashes(path)) == _FRAMES


@dataclass(kw_only=True)
class Nuisance:
    """Jobs of other people beside: sources that drip, receivers that are slow, an input that is still being
    copied, outputs that would replace an input. Use as a context manager."""

    chaos: Chaos
    clip: Path
    tiny: Path
    """What drips: byte by byte, a few seconds long."""
    ids: list[str] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _is_over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Nuisance":
        web = self._stack.enter_context(web_server())
        self._precious = self.chaos.service.media / "precious.mp4"
        self._precious.write_bytes(self.clip.read_bytes())
        growing = self.chaos.service.media / "growing.mp4"
        whole = self.clip.read_bytes()
        growing.write_bytes(whole[: len(whole) // 2])
        small_one = self.tiny.read_bytes()
        drip = web.put("/drip.mp4", small_one, drip_s=_DRIPS_S / len(small_one), has_ranges=False)
        hook = web.put("/slow", delay_s=5)
        small = op("scale", "src", "o", width=160, height=-2)
        for number in range(4):
            out = self.chaos.service.media / "nuisance" / f"{number}.mp4"
            self._send(job(drip, small, o=out))
            self._send({**job(self.clip, small, o=out.with_suffix(".mkv")), "webhook_url": hook})
        self._send(job(growing, small, o=out.with_suffix(".mov")))
        self._stack.callback(self._grow(growing, whole).join)
        self._stack.callback(self._is_over.set)
        (self.chaos.service.media / "alias.mp4").symlink_to(self._precious)
        for name in ("precious.mp4", "alias.mp4"):
            source = self.chaos.service.media / (
                "alias.mp4" if name == "precious.mp4" else "precious.mp4"
            )
            self._send(job(source, small, o=self.chaos.service.media / name))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _send(self, spec: dict[str, Any]) -> None:
        answer = self.chaos.service.client.post("/v1/jobs", json=spec)
        if answer.status_code == 201:
            self.ids.append(answer.json()["job_id"])

    def _grow(self, path: Path, whole: bytes) -> threading.Thread:
        """Append to a file for as long as the block lasts."""

        def write() -> None:
            at = len(whole) // 2
            while not self._is_over.wait(0.5) and at < len(whole):
                with path.open("ab") as file:
                    at += file.write(whole[at : at + 2000])

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        return thread

    def wrong(self) -> list[str]:
        """What became of other files than outputs."""
        is_same = self._precious.read_bytes() == self.clip.read_bytes()
        return [] if is_same else ["an input was replaced"]


FAULTS = (
    "kill_pool_child", "kill_worker", "kill_ffmpeg", "terminate_worker", "freeze_worker", "restart_redis",
    "flush_redis", "restart_postgres", "kill_beat", "duplicate_messages", "delay_messages", "cut_off_postgres", "cut_off_redis",
    "terminate_without_redis", "kill_one_ten_times", "kill_everything",
)  # fmt: skip


def _messages(client: Redis) -> list[tuple[str, list[bytes]]]:
    """The messages that wait in the queues, by Redis key; priorities have keys of their own."""
    queues = (names.CONTROL, names.PLANNING, names.MEDIA, names.TRANSFER, names.WEBHOOKS)
    keys = [key.decode() for queue in queues for key in client.keys(f"{queue}*")]
    found = [(key, client.lrange(key, 0, -1)) for key in keys if client.type(key) == b"list"]
    return [(key, messages) for key, messages in found if messages]


def _signal_all(pids: list[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--faults", type=int, default=65)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1500, help="seconds")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="media-pipeline-chaos-"))
    try:
        with running_service(folder / "data", "--workers", "2", **SETTINGS) as service:
            chaos = Chaos(service=service, chance=random.Random(asked.seed), frozen_s=8)
            report = chaos.run(asked.jobs, asked.faults, (1.0, 5.0), asked.limit)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    Console(soft_wrap=True).print(report.show())
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
