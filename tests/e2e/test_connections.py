"""What holds connections and does not finish: the API answers everybody else meanwhile."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.helpers.half_sent import half_sent
from tests.helpers.pace import scaled
from tests.helpers.service import Service

pytestmark = pytest.mark.stack("default")


def connected(service: Service) -> socket.socket:
    where = urlsplit(str(service.client.base_url))
    return socket.create_connection((where.hostname, where.port), timeout=scaled(10))


def answered(connection: socket.socket, sent: bytes) -> httpx.Response | None:
    """The answer to some bytes, read to the end of the connection; None where that was closed on us, who
    sent more than was read."""
    found = b""
    with suppress(OSError):
        connection.sendall(sent)
        while more := connection.recv(65536):
            found += more
    if not found:
        return None
    head, _, body = found.rpartition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n\r\n")[-1].decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)  # type: ignore[arg-type]


def test_requests_that_never_arrive_keep_nobody_waiting(service: Service) -> None:
    with half_sent(str(service.client.base_url), 500):
        slowest = 0.0
        for path in ("/healthz", "/v1/jobs?limit=1", "/v1/operators") * 5:
            begun = time.monotonic()
            assert service.client.get(path).status_code == 200
            slowest = max(slowest, time.monotonic() - begun)
    assert slowest < scaled(2), f"{slowest:.1f} s"


def test_answers_that_nobody_takes_keep_nobody_waiting(service: Service) -> None:
    ask = b"GET /openapi.json HTTP/1.1\r\nHost: api\r\n\r\n" * 3
    held = [connected(service) for _ in range(150)]
    try:
        for connection in held:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.sendall(ask)
        for _ in range(10):
            assert service.client.get("/healthz").status_code == 200
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_however_it_comes(
    service: Service, is_chunked: bool
) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 65536

    whole = b"".join(body())
    sent: Any = body() if is_chunked else whole
    try:
        answer = service.client.post(
            "/v1/plans", content=sent, headers={"Content-Type": "application/json"}
        )
    except httpx.WriteError:
        return  # refused before all of it was sent
    assert answer.status_code == 413
    assert answer.json()["code"] == "BODY_TOO_LARGE"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTQ/1.1\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nBad Header: x\r\n\r\n",
        b"POST /v1/jobs HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST /v1/jobs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nnot hexadecimal\r\n",
        b"POST /v1/jobs HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nX-Much: " + b"a" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_told_as_a_problem(service: Service, sent: bytes) -> None:
    with closing(connected(service)) as connection:
        answer = answered(connection, sent)
    if answer is None:
        assert len(sent) > 65536
        return
    assert 400 <= answer.status_code < 600
    assert answer.status_code != 500
    assert answer.json()["code"] == "MALFORMED_REQUEST", answer.text
