"""Request bodies: JSON, read strictly, in one place."""

import json
from typing import Any, NoReturn

import flask_smorest
from flask import request
from webargs.flaskparser import FlaskParser

from app.errors import Failure
from operators.problem import Code


def read_json() -> Any:
    """The body as JSON. Raises: Failure UNSUPPORTED_MEDIA_TYPE, MALFORMED_JSON."""
    if not request.is_json:
        raise Failure(code=Code.UNSUPPORTED_MEDIA_TYPE)
    try:
        return json.loads(request.get_data(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Failure(
            code=Code.MALFORMED_JSON, message=f"The body is not JSON: {error}."
        ) from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


class _Parser(FlaskParser):
    """flask-smorest's reader of bodies: the same one."""

    def load_json(self, req: Any, schema: Any) -> Any:
        return read_json()


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """Routes whose bodies are read as all bodies are."""

    ARGUMENTS_PARSER = _Parser()
