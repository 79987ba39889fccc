"""A server, as the client commands call it: one document, or a clear refusal and an exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from app.cli.output import (
    EXIT_FAILED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    complain,
    print_error,
    print_json,
)
from app.client import ApiError, Client, ServerUnreachable

_PATIENCE_S = 3.0
"""Somebody waits before a terminal."""
_USAGE = (400, 404, 409, 413, 415, 422)
F = TypeVar("F", bound=Callable[..., Any])


class Stopped(click.exceptions.Exit):
    """The command is over: the reason was printed."""


@contextmanager
def ending(as_json: bool) -> Iterator[None]:
    """What the client raises ends the command. Raises: Stopped."""
    try:
        yield
    except ServerUnreachable as error:
        complain(str(error))
        raise Stopped(EXIT_UNREACHABLE) from error
    except ApiError as refused:
        if as_json:
            print_json(refused.error)
        elif refused.code:
            print_error(refused.error)
        else:
            complain(str(refused.error)[:500])
        raise Stopped(EXIT_USAGE if refused.status in _USAGE else EXIT_FAILED) from refused


def client_command(command: F) -> F:
    """The options that every client command has; the command gets a `server`, and `as_json`."""

    @click.option(
        "--url", envvar="MEDIA_PIPELINE_URL", default="http://127.0.0.1:8080", show_default=True
    )
    @click.option(
        "--api-key", envvar="MEDIA_PIPELINE_API_KEY", help="mp_live_… (MEDIA_PIPELINE_API_KEY)"
    )
    @click.option("--json", "as_json", is_flag=True, help="Print what the server answers as JSON.")
    def with_server(url: str, api_key: str | None, as_json: bool, **given: Any) -> Any:
        with ending(as_json), Client(url, api_key, patience_s=_PATIENCE_S) as server:
            return command(server=server, as_json=as_json, **given)

    with_server.__name__, with_server.__doc__ = command.__name__, command.__doc__
    with_server.__click_params__ = (  # type: ignore[attr-defined]
        with_server.__click_params__ + getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    )
    return with_server  # type: ignore[return-value]
