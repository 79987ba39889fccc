"""Errors on the wire: application/problem+json with the service's error object in it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from app import log
from app.api.schemas import ProblemSchema
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
    code = status or failure.meaning.status
    document = problem(failure, code, instance=request.path, request_id=g.get("request_id"))
    response = Response(json.dumps(document), status=code, content_type="application/problem+json")
    response.headers.update(failure.headers)
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    return response


def problem(
    failure: Failure, status: int, instance: str | None = None, request_id: str | None = None
) -> dict[str, Any]:
    """The document of RFC 9457, with the error object in it."""
    error = failure.to_json(request_id=request_id)
    return {
        "type": error["documentation"],
        "title": failure.meaning.message,
        "status": status,
        "detail": error["message"],
        **({} if instance is None else {"instance": instance}),
        **error,
    }


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
    problems = _field_problems(data.get("messages") or {})
    is_body = bool(problems) and problems[0].code is not Code.INVALID_QUERY
    code = Code.INVALID_BODY if is_body else _BY_STATUS.get(status, Code.INTERNAL_ERROR)
    failure = Failure(code=code, problems=problems)
    skipped = ("Content-Type", "Content-Length")
    failure.headers = {k: v for k, v in error.get_headers() if k not in skipped}
    return respond(failure, status)


def _field_problems(messages: Mapping[str, Any]) -> list[Problem]:
    """What marshmallow found, by location: the pointer of a body begins at its root."""
    return [
        Problem(code=_field_code(place, text), pointer=pointer(*at), message=text)
        for place, found in messages.items()
        for at, text in _leaves(found, () if place == "json" else (place,))
    ]


def _field_code(place: str, text: str) -> Code:
    if place != "json":
        return Code.INVALID_QUERY
    return Code.UNKNOWN_FIELD if text == "Unknown field." else Code.INVALID_BODY


def _leaves(found: Any, at: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(found, Mapping):
        for key, below in found.items():
            # what is wrong with the object itself has no name of its own
            yield from _leaves(below, at if key == "_schema" else (*at, key))
    elif isinstance(found, list):
        yield at, str(found[0]) if found else "is not valid"
    else:
        yield at, str(found)


class ProblemApi(Api):  # type: ignore[misc]
    """flask-smorest with problem+json instead of its own error form."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        """Errors have a media type of their own, which flask-smorest has no setting for."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

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
