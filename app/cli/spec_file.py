"""A JobSpec from a file, for the commands that work without a server."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from app import settings
from planner.uri import file_uri


def read_spec(path: str) -> dict[str, Any]:
    """The document, with relative paths made URIs; MEDIA_ROOTS becomes its folder and the current one.

    Raises: click.UsageError.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise click.UsageError(f"{path}: {os.strerror(error.errno or 0)}") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise click.UsageError(f"{path} is not JSON: {error}") from error
    folder = os.getcwd() if path == "-" else os.path.dirname(os.path.abspath(path))
    if not os.environ.get("MEDIA_ROOTS"):
        use_settings(MEDIA_ROOTS=":".join(dict.fromkeys([folder, os.getcwd()])))
    if not isinstance(document, dict):
        return {"": document}  # the parser says what a spec must be
    for name, key in (("inputs", "source"), ("outputs", "destination")):
        items = document.get(name)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get(key), str):
                item[key] = _as_uri(item[key], folder)
    return document


def _as_uri(text: str, folder: str) -> str:
    return (
        text
        if "://" in text or not text
        else file_uri(os.path.normpath(os.path.join(folder, text)))
    )


def use_settings(**variables: str) -> None:
    """Change this process's environment, and what it was read into."""
    os.environ.update(variables)
    settings.current.cache_clear()
