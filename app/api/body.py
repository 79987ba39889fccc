"""Request bodies: JSON objects, read strictly."""

import json
from typing import Any, NoReturn

from flask import request

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
