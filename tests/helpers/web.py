"""A web server that misbehaves as it is told, and counts what it was asked for."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(kw_only=True)
class Page:
    """What is served at a path. `breaks`: so many answers end after `break_after` bytes.
    `statuses` are answered first, one a request."""

    body: bytes = b""
    has_ranges: bool = True
    etag: str | None = '"one"'
    status: int = 200
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    breaks: int = 0
    break_after: int = 0
    drip_s: float = 0
    """Between one byte and the next."""
    delay_s: float = 0
    is_endless: bool = False


@dataclass(kw_only=True)
class WebServer:
    """Pages by path; `asked` holds path and Range of every request, `sent` the bytes of bodies."""

    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    sent: int = 0
    port: int = 0
    posted_any: threading.Condition = field(default_factory=threading.Condition)
    """Notified of every POST."""

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def put(self, path: str, body: bytes = b"", **how: object) -> str:
        """Serve a page; its URL."""
        self.pages[path] = Page(body=body, **how)  # type: ignore[arg-type]
        return self.url(path)

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)


@contextmanager
def web_server() -> Iterator[WebServer]:
    """On a free port of 127.0.0.1, until the block ends."""
    served = WebServer()

    class Handler(_Handler):
        web = served

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.port = server.server_port
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    web: WebServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.web.asked.append((self.path, wanted))
        page = self.web.pages.get(self.path.partition("?")[0])
        if page is None:
            page = Page(status=404)
        time.sleep(page.delay_s)
        status = page.statuses.pop(0) if page.statuses else page.status
        if status != 200:
            self._answer(page, status, b"", {})
            return
        start, stop = _range(wanted, len(page.body)) if page.has_ranges else (0, None)
        if wanted is None or not page.has_ranges or self._is_stale(page):
            self._answer(page, 200, page.body, {})
        elif start >= len(page.body):
            self._answer(page, 416, b"", {"Content-Range": f"bytes */{len(page.body)}"})
        else:
            part = page.body[start:stop]
            last = start + len(part) - 1
            shown = {"Content-Range": f"bytes {start}-{last}/{len(page.body)}"}
            self._answer(page, 206, part, shown)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with self.web.posted_any:
            self.web.posted.append((self.path, dict(self.headers), body))
            self.web.posted_any.notify_all()
        page = self.web.pages.get(self.path, Page(status=404))
        time.sleep(page.delay_s)
        self._answer(page, page.statuses.pop(0) if page.statuses else page.status, b"", {})

    def _is_stale(self, page: Page) -> bool:
        known = self.headers.get("If-Range")
        return known is not None and known != page.etag

    def _answer(self, page: Page, status: int, body: bytes, more: dict[str, str]) -> None:
        self.send_response(status)
        headers = {**page.headers, **more}
        if not page.is_endless:
            headers["Content-Length"] = str(len(body))
        if page.etag and status < 300:
            headers["ETag"] = page.etag
        headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        try:
            self._send(page, body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _send(self, page: Page, body: bytes) -> None:
        while page.is_endless:
            self._write(b"\0" * 65536)
        if page.drip_s:
            for at in range(len(body)):
                self._write(body[at : at + 1])
                time.sleep(page.drip_s)
            return
        # answers of a byte or so tell what there is: they are not what breaks
        if page.breaks and len(body) > max(1, page.break_after):
            page.breaks -= 1
            body = body[: page.break_after]
        self._write(body)

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.web.sent += len(data)


def _range(wanted: str | None, size: int) -> tuple[int, int | None]:
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
    if not match:
        return 0, None
    return int(match[1]), int(match[2]) + 1 if match[2] else size
