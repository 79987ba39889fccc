"""One guarded request: no proxy, no cookie, no stored credential, redirects only where they are
wanted, and each of them checked again.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache

import httpcore
import httpx

from app.engine.web.guard import Blocked, Guard, Unresolved

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECT_S = 10.0
# no compression: a bomb would only unfold here, and lengths would not be those of the file
_HEADERS = {"User-Agent": "media-pipeline", "Accept": "*/*", "Accept-Encoding": "identity"}


class Unreachable(Exception):
    """No answer, or half of one; the message goes on from the host's name. Another try may do."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response whose body has not been read yet. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    url: httpx.URL
    body: Iterator[bytes]

    def chunks(self) -> Iterator[bytes]:
        """The body as it arrives. Raises: Unreachable."""
        with _said():
            yield from self.body

    def read(self, most: int) -> bytes:
        """The body's first bytes. Raises: Unreachable."""
        found = b""
        for chunk in self.chunks():
            found += chunk
            if len(found) >= most:
                break
        return found[:most]


@dataclass(frozen=True, kw_only=True)
class Web:
    """Requests to hosts that users named."""

    guard: Guard = field(default_factory=Guard)

    @property
    def is_over(self) -> bool:
        """Whether the time is over that its maker gave it."""
        return self.guard.deadline is not None and time.monotonic() >= self.guard.deadline

    def within(self, seconds: float) -> "Web":
        """The same, but all must be over by then at the latest."""
        own = time.monotonic() + seconds
        deadline = own if self.guard.deadline is None else min(own, self.guard.deadline)
        return Web(guard=replace(self.guard, deadline=deadline))

    @contextmanager
    def open(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        redirects: int = 5,
    ) -> Iterator[Answer]:
        """The answer to one request; its body is read inside the block.

        Raises: Blocked, Unreachable.
        """
        at = _parsed(url)
        for _ in range(redirects + 1):
            with self._ask(at, method, {**_HEADERS, **(headers or {})}, content) as answer:
                target = answer.headers.get("location")
                if not redirects or answer.status not in _REDIRECTS or target is None:
                    yield answer
                    return
                at = _joined(at, target)
        raise Unreachable(f"redirects more than {redirects} times")

    @contextmanager
    def _ask(
        self, url: httpx.URL, method: str, headers: Mapping[str, str], content: bytes | None
    ) -> Iterator[Answer]:
        patience_s = self.guard.patience_s
        limits = {"connect": min(_CONNECT_S, patience_s), "read": patience_s, "write": patience_s}
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        with ExitStack() as stack:
            pool = stack.enter_context(
                httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=self.guard)
            )
            with _said():
                response = stack.enter_context(
                    pool.stream(
                        method, target, headers=list(headers.items()), content=content,
                        extensions={"timeout": limits},
                    )
                )  # fmt: skip
            yield Answer(
                status=response.status,
                headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers},
                url=url,
                body=response.iter_stream(),
            )  # fmt: skip


def _joined(at: httpx.URL, target: str) -> httpx.URL:
    """Where a redirect leads. Raises: Blocked, Unreachable."""
    try:
        return _parsed(str(at.join(target)))
    except (httpx.InvalidURL, ValueError) as error:
        raise Unreachable("redirects to what is no address") from error


def _parsed(url: str) -> httpx.URL:
    try:
        found = httpx.URL(url)
        host = found.host  # decodes its name: xn-- may be followed by what is no name
    except (httpx.InvalidURL, ValueError) as error:
        raise Blocked("the address cannot be read") from error
    if found.scheme not in ("http", "https") or not host:
        raise Blocked(f"{found.scheme or 'nothing'}:// may not be followed")
    if found.userinfo:
        raise Blocked("addresses with a user or password may not be used")
    return found


@contextmanager
def _said() -> Iterator[None]:
    """What httpcore raises, as Unreachable with a sentence."""
    try:
        yield
    except Unresolved as error:
        raise Unreachable("has no address") from error
    except httpcore.ConnectTimeout as error:
        raise Unreachable("does not answer") from error
    except httpcore.TimeoutException as error:
        raise Unreachable("answers too slowly") from error
    except httpcore.ConnectError as error:
        is_tls = isinstance(error.__cause__, ssl.SSLError)
        raise Unreachable("has no valid certificate" if is_tls else "cannot be reached") from error
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise Unreachable("broke the connection off") from error


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()
