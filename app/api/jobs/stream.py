"""Server-sent events: how events look on the wire."""

import json
from collections.abc import Iterator

from flask import Response, request

from app.errors import field_failure
from app.services.job_events import Event, Stream
from operators.problem import Code

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # proxies pass it on at once


def last_event_id() -> int:
    """From where a client goes on. Raises: Failure INVALID_QUERY."""
    given = request.headers.get("Last-Event-ID"), request.args.get("last_event_id")
    text = next((one for one in given if one is not None), "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise field_failure(
            Code.INVALID_QUERY,
            "/headers/Last-Event-ID",
            "must be the id of an event",
            "Leave it out to begin with the first event.",
        )
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
