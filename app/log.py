"""Logging: structlog over the standard library, console or JSON; context on every line."""

import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog

from app import tracing
from app.redact import redact_text, redact_tree
from app.settings import Settings

_NOISY = (
    "alembic", "celery.app.trace", "celery.worker.strategy",
    # at debug, these tell the paths, queries and headers of what they ask for
    "botocore", "boto3", "s3transfer", "urllib3", "httpx", "httpcore", "requests",
)  # fmt: skip


class _RedactingText(structlog.stdlib.ProcessorFormatter):
    """Whoever logs: no line shows the secrets of a URL."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_text(super().format(record))


def _redacted(_: Any, __: str, event: Any) -> Any:
    """The same for lines of JSON, value by value."""
    return redact_tree(dict(event))


def configure(settings: Settings) -> None:
    """Set up logging for this process, once."""
    is_json = settings.log_format == "json"
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # rich's tracebacks print local variables, secrets among them
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _traced,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if is_json:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter if is_json else _RedactingText
    safe = [_redacted] if is_json else []
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        formatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *safe,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(root.level, logging.WARNING))


def _traced(_: Any, __: str, event: Any) -> Any:
    """Lines can be found from a trace, and the trace from a line."""
    event.update(tracing.ids())
    return event


def get(name: str) -> Any:
    """A logger: `get(__name__).info("step done", step_id="s1")`."""
    return structlog.stdlib.get_logger(name)


def add(**context: Any) -> None:
    """Put more context on the lines of this task or request."""
    structlog.contextvars.bind_contextvars(**context)


def carried(work: Callable[[], object]) -> Callable[[], None]:
    """`work` for another thread, its lines with the context of this one."""
    context = structlog.contextvars.get_contextvars()

    def carry() -> None:
        bind(**context)
        work()

    return carry


def bind(**context: Any) -> None:
    """Put context on every line that this task or request logs from now on."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**context)
