"""What a worker answers by HTTP: /metrics for Prometheus, /healthz for whoever restarts it."""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from app.services import metrics

_TEXT = "text/plain; charset=utf-8"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Scrapes are no news."""


def _answer(path: str, is_well: Callable[[], bool]) -> tuple[str, str, bytes]:
    if path == "/metrics":
        return "200 OK", metrics.CONTENT_TYPE, metrics.render_worker()
    if path != "/healthz":
        return "404 Not Found", _TEXT, b"/metrics or /healthz\n"
    if is_well():
        return "200 OK", _TEXT, b"ok\n"
    return "503 Service Unavailable", _TEXT, b"the heartbeat hangs\n"


def serve(listen: str, is_well: Callable[[], bool]) -> int:
    """Answer at `host:port` in threads, until the process ends; the port. Raises: OSError."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        status, kind, body = _answer(environ["PATH_INFO"], is_well)
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]

    host, _, port = listen.rpartition(":")
    server = make_server(host, int(port), answer, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="endpoint", daemon=True).start()
    return int(server.server_port)
