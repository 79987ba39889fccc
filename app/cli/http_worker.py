"""How a process of the API serves: gunicorn keeps the processes, waitress their connections.

A thread is given a request when all of it has arrived, and what it answers is sent while the thread does
something else. So a client that is slow, or sends half a request, holds a connection and nothing more.
"""

import gc
import json
import logging
import os
import resource
import time
from collections.abc import Iterable, Sequence
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import create_server
from waitress.task import ErrorTask, WSGITask

from app import log
from app.api.errors import problem
from app.cli.walls import check_walls
from app.errors import Failure
from app.factory import LONGEST_BODY
from app.services.job_events import HUB
from operators.problem import Code

_READ_S = 30.0
"""A request must have arrived so long after its first byte."""
_IDLE_S = 60.0
"""A connection without a request is kept for so long; one that takes nothing of its answer, as well."""
_LINGER_S = 1.0
"""A process that ends still takes what clients were about to send on their connections."""
_LOOK_S = 1.0
_BACKLOG = 64
_CONNECTIONS = 2000
_SPARE_FILES = 128
_FULL = 0.9
_LEFT = 0.75
_CODES = {413: Code.BODY_TOO_LARGE, 500: Code.INTERNAL_ERROR}


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """What is refused before the application sees it is told as the application tells errors."""

    def execute(self) -> None:
        told = self.request.error
        failure = Failure(
            code=_CODES.get(told.code, Code.MALFORMED_REQUEST), message=_sentence(told)
        )
        document = problem(failure, told.code)
        body = json.dumps(document).encode()
        self.status = f"{told.code} {told.reason}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        log.bind()
        log.get("app.access").info("refused", status=told.code, error=document["message"])
        self.write(body)


def _sentence(told: Any) -> str | None:
    """What the server says of it, where that is about the request and not about the server."""
    return None if told.code in _CODES else f"{told.reason}: {told.body}."


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Stricter where a proxy before us may read the same bytes in another way (RFC 9112, 6.1)."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("A length and chunks are given both")
        if "TRANSFER_ENCODING" in self.headers:  # what is left of it where it means nothing
            raise ParsingError("HTTP/1.0 has no chunks")
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("HTTP/1.1 is spoken here")


class RequestTask(WSGITask):  # type: ignore[misc]
    """A request; to a process that ends, the answer says that the connection does as well."""

    def start(self) -> None:
        super().start()
        if self.channel.ends:
            self.set_close_on_finish()

    def build_response_header(self) -> bytes:
        """As waitress does, but an answer without a body has an end that is known."""
        is_asked = (
            self.channel.ends or self.request.headers.get("CONNECTION", "").lower() == "close"
        )
        built: bytes = super().build_response_header()
        if not self.has_body and self.version == "1.1" and not is_asked:
            self.close_on_finish = False
            built = built.replace(b"\r\nConnection: close\r\n", b"\r\n", 1)
        return built


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when a request has been arriving."""

    parser_class = Parser
    task_class = RequestTask
    error_task_class = ProblemTask
    ends = False
    """The process does."""
    reading_since: float | None = None

    def received(self, data: bytes) -> bool:
        if self.reading_since is None:
            self.reading_since = time.monotonic()
        taken: bool = super().received(data)
        if self.request is None:
            self.reading_since = None
        return taken

    @property
    def is_idle(self) -> bool:
        """Nothing is done for it, and nothing is to be sent."""
        return not self.requests and not self.total_outbufs_len

    def only_waits(self, wall: float) -> bool:
        """It has nothing to do, or a client that takes nothing."""
        has_stopped = self.total_outbufs_len > 0 and wall - float(self.last_activity) > _LOOK_S
        return self.is_idle or has_stopped

    def is_late(self, now: float, wall: float) -> bool:
        """It has had its time: to send a request, or to take an answer."""
        if self.reading_since is not None and now - self.reading_since > _READ_S:
            return True
        is_waited_for = self.is_idle or self.total_outbufs_len > 0
        return is_waited_for and wall - float(self.last_activity) > _IDLE_S


class HttpWorker(Worker):  # type: ignore[misc]
    """gunicorn's worker class: a loop over connections, and threads for whole requests."""

    _listeners: Sequence[Any] = ()

    @classmethod
    def check_config(cls, *_: Any) -> None:
        """Called once, before there are workers."""
        check_walls()

    def run(self) -> None:
        gc.freeze()  # what is loaded now stays: garbage collection need not look at it
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._connections: dict[int, Any] = {}
        self._most = _most_connections()
        create_server(
            self.wsgi, map=self._connections, sockets=[one.sock for one in self.sockets],
            threads=self.cfg.threads, connection_limit=self._most, asyncore_use_poll=True,
            channel_timeout=int(_IDLE_S), ident=None, log_socket_errors=False,
            max_request_body_size=LONGEST_BODY, max_request_header_size=64 << 10,
        )  # fmt: skip
        self._listeners = [one for one in self._connections.values() if _is_listener(one)]
        for listener in self._listeners:
            listener.channel_class = Channel
        looked_at = 0.0
        while self.alive and os.getppid() == self.ppid:
            self._turn(_LOOK_S)
            if time.monotonic() - looked_at >= _LOOK_S:
                looked_at = time.monotonic()
                self.notify()
                self._end_late()
        self._end()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: streams end, and the loop is woken to see that it is to end."""
        HUB.close()
        self.alive = False
        for listener in self._listeners:
            listener.pull_trigger()

    def _turn(self, within_s: float) -> None:
        wasyncore.loop(timeout=within_s, use_poll=True, map=self._connections, count=1)

    def _channels(self) -> list[Channel]:
        return [one for one in list(self._connections.values()) if isinstance(one, Channel)]

    def _end_late(self) -> None:
        """Close what has had its time; where there are many connections, the oldest that only wait."""
        now, wall, channels = time.monotonic(), time.time(), self._channels()
        _close(one for one in channels if one.is_late(now, wall))
        channels = self._channels()
        if len(channels) > _FULL * self._most:
            waiting = [channel for channel in channels if channel.only_waits(wall)]
            waiting.sort(key=lambda channel: float(channel.creation_time))
            _close(waiting[: len(channels) - int(_LEFT * self._most)])

    def _end(self) -> None:
        """Take nothing new, and answer what is here."""
        Channel.ends = True
        for listener in self._listeners:
            for _ in range(_BACKLOG):  # who was let in by the kernel already
                listener.handle_accept()
            listener.del_channel()
            listener.socket.close()
        begun = time.monotonic()
        while (lived_s := time.monotonic() - begun) < self.cfg.graceful_timeout:
            channels = self._channels()
            if lived_s > _LINGER_S:
                _close(one for one in channels if one.is_idle)
            if not channels:
                break
            self._turn(0.1)
            self.notify()


def _most_connections() -> int:
    """So many connections at once; as many files may be open as the system allows us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 4 * _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 4 * _CONNECTIONS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(16, min(_CONNECTIONS, files - _SPARE_FILES))


def _is_listener(one: Any) -> bool:
    return hasattr(one, "channel_class")


def _close(channels: Iterable[Channel]) -> None:
    """At once: what has a full buffer is never called writable, and would stay."""
    for channel in channels:
        channel.handle_close()
