"""Errors on the wire: application/problem+json with the service's error object in it."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from app import log
from app.errors import Failure
from app.store.session import Unreachable
from operators.problem import Code, Invalid, Problem, pointer

_RETRY_AFTER_S = 5
_BY_STATUS = {
    400: Code.MALFORMED_JSON,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    406: Code.NOT_ACCEPTABLE,
    413: Code.BODY_TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
    422: Code.INVALID_QUERY,
}


def respond(failure: Failure, status: int | None = None) -> Response:
    """The response of a failure."""
    error = failure.to_json(request_id=g.get("request_id"))
    code = status or failure.meaning.status
    document = {
        "type": error["documentation"],
        "title": failure.meaning.message,
        "status": code,
        "detail": error["message"],
        "instance": request.path,
        **error,
    }
    response = Response(json.dumps(document), status=code, content_type="application/problem+json")
    response.headers.update(failure.headers)
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    return response


def invalid_spec(invalid: Invalid) -> Response:
    count = len(invalid.problems)
    return respond(
        Failure(
            code=Code.INVALID_JOB_SPEC,
            message=f"The job specification has {count} problem{'s' * (count != 1)}.",
            problems=invalid.problems,
        )
    )


def unavailable(error: Exception) -> Response:
    log.get(__name__).error("database does not answer", error=str(error))
    return respond(Failure(code=Code.SERVICE_UNAVAILABLE, retry_after=_RETRY_AFTER_S))


def fault(error: Exception) -> Response:
    log.get(__name__).exception("a fault of ours", path=request.path)
    return respond(Failure(code=Code.INTERNAL_ERROR))


def http_error(error: HTTPException) -> Response:
    """Whatever Flask and flask-smorest refuse by themselves, headers such as Allow kept."""
    status = error.code or 500
    if 300 <= status < 400:
        return error.get_response()  # type: ignore[return-value]
    data: Mapping[str, Any] = getattr(error, "data", None) or {}
    failure = Failure(
        code=_BY_STATUS.get(status, Code.INTERNAL_ERROR),
        problems=_query_problems(data.get("messages") or {}),
    )
    skipped = ("Content-Type", "Content-Length")
    failure.headers = {k: v for k, v in error.get_headers() if k not in skipped}
    return respond(failure, status)


def _query_problems(messages: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(
            code=Code.INVALID_QUERY,
            pointer=pointer(place, name),
            message=_first_text(found),
        )
        for place, fields in messages.items()
        if isinstance(fields, Mapping)
        for name, found in fields.items()
    ]


def _first_text(found: Any) -> str:
    while isinstance(found, (list, Mapping)):
        found = next(iter(found.values() if isinstance(found, Mapping) else found), "is not valid")
    return str(found)


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest with problem+json instead of its own error form."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        return http_error(error)


def register(app: Flask) -> None:
    """One place says what every exception becomes."""
    app.register_error_handler(Failure, respond)
    app.register_error_handler(Invalid, invalid_spec)
    for error in Unreachable:
        app.register_error_handler(error, unavailable)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, fault)
