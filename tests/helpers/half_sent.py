"""Clients that begin requests and never end them: a header now and then, or a body byte by byte."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_PACE_S = 1.0
_HEAD = b"POST /v1/jobs HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
_BODY = _HEAD + b"Content-Length: 1000\r\n\r\n{"


@contextmanager
def half_sent(url: str, count: int) -> Iterator[None]:
    """`count` connections to a service that send a little more every second, for as long as the block
    lasts; where the service closes one, another one comes."""
    where = urlsplit(url)
    is_over = threading.Event()
    address = (where.hostname or "127.0.0.1", where.port or 80)
    held = [_begin(address, number) for number in range(count)]

    def drip() -> None:
        while not is_over.wait(_PACE_S):
            for number, (connection, drop) in enumerate(held):
                try:
                    connection.sendall(drop)
                except OSError:
                    connection.close()
                    held[number] = _begin(address, number)

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(timeout=10)
        for connection, _ in held:
            connection.close()


def _begin(address: tuple[str, int], number: int) -> tuple[socket.socket, bytes]:
    connection = socket.create_connection(address, timeout=10)
    head, drop = ((_HEAD, b"X-More: a\r\n"), (_BODY, b" "))[number % 2]
    connection.sendall(head)
    return connection, drop
