"""Traces by OpenTelemetry, where OTEL_* asks for them; without it, nothing is loaded or done.

A job keeps the `traceparent` of the request that submitted it, so whatever is done for it, by any
process, at any time, is a child of that request: a flat tree that no lost message can break.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from app import settings
from app.settings import BadSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Span

_NAME = "media_pipeline"


class _NoSpan:
    """What a span is while nothing is traced."""

    def set_attributes(self, _: Mapping[str, Any]) -> None:
        pass


_NONE = _NoSpan()


def is_on() -> bool:
    now = settings.current()
    exporter = now.otel_traces_exporter or ("otlp" if now.otel_exporter_otlp_endpoint else "none")
    return exporter != "none" and not now.otel_sdk_disabled


@contextmanager
def span(name: str, parent: str | None = None, **attributes: Any) -> "Iterator[Span | _NoSpan]":
    """Time what the block does; `parent` is a traceparent, else the span around us. Attributes
    that are None are left out; an exception that leaves the block is recorded."""
    if not is_on():
        yield _NONE
        return
    from opentelemetry import context

    token = context.attach(_context_of(parent)) if parent else None
    known = {key: value for key, value in attributes.items() if value is not None}
    try:
        with (
            _provider(os.getpid())
            .get_tracer(_NAME)
            .start_as_current_span(name, attributes=known) as found
        ):
            yield found
    finally:
        if token is not None:
            context.detach(token)


def traceparent() -> str | None:
    """Of the span that we are in, to be kept with what is done later."""
    if not is_on():
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def ids() -> dict[str, str]:
    """trace_id and span_id of the span that we are in, for log lines."""
    parts = (traceparent() or "").split("-")
    return {"trace_id": parts[1], "span_id": parts[2]} if len(parts) == 4 else {}


def start() -> None:
    """Be ready before the first connection to Postgres is made."""
    if is_on():
        provider()


def provider() -> "TracerProvider":
    """Of this process. Raises: BadSettings where OpenTelemetry is not installed."""
    return _provider(os.getpid())


def flush() -> None:
    """Send what was not sent yet; called where a process ends without Python's own end."""
    if is_on():
        provider().force_flush(2000)


def _context_of(parent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


@cache
def _provider(pid: int) -> "TracerProvider":
    """One a process: the threads that export do not survive a fork."""
    try:
        from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
    except ImportError as error:
        raise BadSettings("OTEL_* asks for traces: install media-pipeline[tracing]") from error
    resource = Resource.create({"service.name": settings.current().otel_service_name})
    processor = _processor()
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(processor)
    # heartbeats and leases ask Postgres all day: a query that belongs to nothing is no trace
    queries = TracerProvider(resource=resource, sampler=ParentBased(ALWAYS_OFF))
    queries.add_span_processor(processor)
    Psycopg2Instrumentor().instrument(tracer_provider=queries)
    return provider


def _processor() -> "SpanProcessor":
    from opentelemetry.sdk.trace.export import (
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    if settings.current().otel_traces_exporter == "console":
        return SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return BatchSpanProcessor(OTLPSpanExporter())
