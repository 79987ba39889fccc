"""Server-sent events: how events look on the wire."""

import json
from collections.abc import Iterator

from flask import Response, request

from app.errors import Failure
from app.services.job_events import Event, Stream
from operators.problem import Code, Problem

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # proxies pass it on at once


def last_event_id() -> int:
    """From where a client goes on. Raises: Failure INVALID_QUERY."""
    text = request.headers.get("Last-Event-ID") or request.args.get("last_event_id") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        problem = Problem(
            code=Code.INVALID_QUERY,
            pointer="/headers/Last-Event-ID",
            message="must be the id of an event",
            suggestion="Leave it out to begin with the first event.",
        )
        raise Failure(code=Code.INVALID_QUERY, problems=[problem])
    return int(text)


def stream(events: Stream | None) -> Response:
    """The response; the server closes it whatever becomes of the client. 204 tells a client that
    there will be nothing more, so that it does not come again."""
    if events is None:
        return Response(status=204)
    response = Response(_lines(events), mimetype="text/event-stream", headers=_HEADERS)
    response.call_on_close(events.close)
    return response


def _lines(events: Stream) -> Iterator[str]:
    yield "retry: 2000\n\n"
    for event in events:
        yield show(event) if event else ": still here\n\n"


def show(event: Event) -> str:
    number = f"id: {event.seq}\n" if event.seq is not None else ""
    return f"{number}event: {event.type}\ndata: {json.dumps(event.data)}\n\n"
