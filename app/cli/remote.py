"""A server, as the client commands call it: one request, one document or a clear refusal."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
import httpx
from tenacity import (
    retry,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    wait_random_exponential,
)

from app.cli.output import (
    EXIT_FAILED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    complain,
    print_error,
    print_json,
)

_TIMEOUT_S = 30
_USAGE = (400, 404, 409, 413, 415, 422)
F = TypeVar("F", bound=Callable[..., Any])


def _is_away(answer: httpx.Response) -> bool:
    return answer.status_code in (429, 502, 503, 504)


class Stopped(click.exceptions.Exit):
    """The command is over: the reason was printed."""


class Server:
    """`--url` and `--api-key`, or MEDIA_PIPELINE_URL and MEDIA_PIPELINE_API_KEY."""

    def __init__(self, url: str, api_key: str | None, as_json: bool) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.as_json = as_json
        self._client = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)

    def call(self, method: str, path: str, is_repeatable: bool = True, **more: Any) -> Any:
        """The answer's document. Ends the command with its exit code where there is none."""
        send = self._send if is_repeatable else self._client.request
        try:
            answer = send(method, path, **more)
            document = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            complain(f"{self._client.base_url} does not answer as media-pipeline would: {error}")
            raise Stopped(EXIT_UNREACHABLE) from error
        if answer.is_success:
            return document
        self._refuse(document)
        raise Stopped(EXIT_USAGE if answer.status_code in _USAGE else EXIT_FAILED)

    @retry(
        # reads, a cancel, and submissions by their key
        retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(_is_away),
        stop=stop_after_attempt(4),
        wait=wait_random_exponential(multiplier=0.2, max=3),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._client.request(method, path, **more)

    def _refuse(self, document: dict[str, Any]) -> None:
        if self.as_json:
            print_json(document)
        elif "code" in document:
            print_error(document)
        else:
            complain(str(document)[:500])

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every row of a list."""
        cursor = None
        while True:
            page = self.call(
                "GET", path, params={**query, **({"cursor": cursor} if cursor else {})}
            )
            yield from page["data"]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return


def client_command(command: F) -> F:
    """The options that every client command has; the command gets a `server`."""

    @click.option(
        "--url", envvar="MEDIA_PIPELINE_URL", default="http://127.0.0.1:8080", show_default=True
    )
    @click.option(
        "--api-key", envvar="MEDIA_PIPELINE_API_KEY", help="mp_live_… (MEDIA_PIPELINE_API_KEY)"
    )
    @click.option("--json", "as_json", is_flag=True, help="Print what the server answers as JSON.")
    def with_server(url: str, api_key: str | None, as_json: bool, **given: Any) -> Any:
        return command(server=Server(url, api_key, as_json), **given)

    with_server.__name__, with_server.__doc__ = command.__name__, command.__doc__
    with_server.__click_params__ = (  # type: ignore[attr-defined]
        with_server.__click_params__ + getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    )
    return with_server  # type: ignore[return-value]
