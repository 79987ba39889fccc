"""The HTTP client that tests talk to a service with: as patient as the machine needs."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.helpers.pace import scaled

_PATIENCE_S = 30


class _Again(httpx.HTTPTransport):
    """Asks once more where a server closed a kept connection while the question was on its way."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handle_request(request)
        except httpx.RemoteProtocolError:
            if request.method != "GET":
                raise
            return super().handle_request(request)


def http_client(base_url: str, headers: Mapping[str, str]) -> httpx.Client:
    """A client of one service."""
    return httpx.Client(
        base_url=base_url, headers=headers, timeout=scaled(_PATIENCE_S), transport=_Again()
    )


def ask(url: str, **more: Any) -> httpx.Response:
    """One GET of something that is no API of ours."""
    with http_client("", {}) as client:
        return client.get(url, **more)
