"""Connections to hosts that users named: resolved once, every address tested, and connected to what
was tested. Whoever drips bytes is cut off.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from planner.addresses import is_public, may_tell_secrets

_PORTS = frozenset({80, 443, 8000, 8080, 8443})
_LEAST_BYTES_A_S = 1024

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to numeric addresses. Raises: OSError."""


class Blocked(Exception):
    """The address is not one that a user may name; nothing was sent."""


class Unresolved(Exception):
    """The host's name has no address."""


def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver. Raises: OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, kw_only=True)
class Guard(httpcore.NetworkBackend):
    """What opens the sockets of `app.engine.web.client`.

    `patience_s`: a peer that sends less than 1 KiB a second for so long is given up.
    """

    allows_private: bool = False
    patience_s: float = 20
    deadline: float | None = None
    """When all must be over, by the monotonic clock."""
    resolve: Resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        error: Exception | None = None
        for address in self._addresses(host, port):
            try:
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, _left(timeout, self.deadline), local_address, socket_options
                )
                return _Watched(stream, self.patience_s, self.deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        assert error is not None
        raise error

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        """All of a host's addresses, each tested. Raises: Blocked, Unresolved."""
        if port not in _PORTS and not self.allows_private:
            raise Blocked(f"port {port} may not be used")
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Unresolved(f"{host} has no address") from error
        if not found:
            raise Unresolved(f"{host} has no address")
        # one private address among public ones is an attack, or a mistake
        if not self.allows_private and not all(map(is_public, found)):
            raise Blocked(f"{host} is not on the public internet")
        if any(map(may_tell_secrets, found)):
            raise Blocked(f"{host} is not asked from a server")
        return found


def _left(timeout: float | None, deadline: float | None) -> float | None:
    """The time limit of one operation. Raises: httpcore.ReadTimeout when there is none left."""
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return left if timeout is None else min(timeout, left)


class _Watched(httpcore.NetworkStream):
    """A stream that counts what it brings: the time limit of a single read does not stop a drip."""

    def __init__(
        self, stream: httpcore.NetworkStream, patience_s: float, deadline: float | None
    ) -> None:
        self._stream, self._patience_s, self._deadline = stream, patience_s, deadline
        self._waited_s, self._bytes = 0.0, 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        begun = time.monotonic()
        data = self._stream.read(max_bytes, _left(timeout, self._deadline))
        self._waited_s += time.monotonic() - begun
        self._bytes += len(data)
        if self._waited_s > self._patience_s:
            if self._bytes < _LEAST_BYTES_A_S * self._waited_s:
                raise httpcore.ReadTimeout("the server sends too slowly")
            self._waited_s, self._bytes = 0.0, 0
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, self._deadline)
        secured = self._stream.start_tls(ssl_context, server_hostname, left)
        return _Watched(secured, self._patience_s, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
