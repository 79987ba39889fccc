"""The Flask application: blueprints, errors, request ids, OpenAPI."""

import re
import secrets
import time
from importlib.metadata import version
from typing import Any

import flask_swagger_ui
from flask import Flask, Response, g, request, send_from_directory
from flask_compress import Compress
from flask_cors import CORS
from flask_smorest import Api

from app import log, metrics, settings, tracing
from app.api import errors, rate_limit, spec_schema
from app.api.health.routes import health, pages
from app.api.jobs.routes import jobs
from app.api.keys.routes import keys
from app.api.operators.routes import operators
from app.api.plans.routes import plans
from app.api.probe.routes import probe
from app.api.queue.routes import queue
from app.api.stats.routes import stats
from app.api.webhooks.routes import webhooks
from app.api.workers.routes import workers
from app.errors import Failure
from operators.problem import Code

_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE", "PUT")
LONGEST_BODY = 1 << 20
"""Bytes of a request's body."""
_ADDRESSES = ("http.target", "http.url", "url.full", "url.query")
_ASKED_ALL_DAY = ("/healthz", "/readyz", "/metrics")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
_INTRODUCTION = """\
Turns a declarative media job ("cut this, make three sizes, take the sound out") into the FFmpeg work that does it.

1. **Authorize** with an API key (`mp_live_…`; `media-pipeline apikey create` makes one).
2. `POST /v1/probe` says what a file holds, `POST /v1/plans` what a job would do, `POST /v1/jobs` does it.
3. `GET /v1/jobs/{job_id}` shows how far it is, `why` it waits, what it made; `…/events` follows it, and a `webhook_url` in the
   job is told of it.

Files lie below the folders of `MEDIA_ROOTS`, or at `https://` and `s3://` addresses. What can be done to them:
`GET /v1/operators`. Errors are `application/problem+json`: a [code](/docs/errors), a sentence, every problem with a JSON pointer
into what was sent, and what to do. Lists have `limit` and `cursor`; submissions with an `Idempotency-Key` may be repeated.
"""
_SWAGGER_FILES = str(next(iter(flask_swagger_ui.__path__))) + "/dist"


def create_app() -> Flask:
    """The application for gunicorn and for tests."""
    log.configure(settings.current())
    app = Flask("media-pipeline", static_folder=None)
    app.config.update(_openapi_config())
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _trace(app)
    app.before_request(_begin)
    app.after_request(_end)
    _allow_origins(app)
    Compress(app)
    errors.register(app)
    api = errors.ProblemApi(app)
    _describe(api)
    for blueprint in (health, jobs, plans, probe, operators, queue, stats, keys, webhooks, workers):
        api.register_blueprint(blueprint)
    app.register_blueprint(pages)
    app.add_url_rule("/docs/assets/<path:name>", "docs_asset", _docs_asset)
    return app


def _describe(api: Api) -> None:
    """What the document says beside the routes."""
    named = api.spec.components
    named.security_scheme("apiKey", {"type": "http", "scheme": "bearer"})
    found = spec_schema.components()
    for name, schema in found["schemas"].items():
        named.schema(name, schema)
    for name, example in found["examples"].items():
        named.example(name, example)


def _allow_origins(app: Flask) -> None:
    """Pages of other origins may call where the configuration names them. Registered before all
    else, so refusals have the headers as well, and a preflight needs no credential."""
    origins = [origin for origin in settings.current().cors_origins.split(",") if origin]
    if origins:
        CORS(
            app, origins=origins, max_age=600, methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key",
                           "If-None-Match", "Last-Event-ID", "X-Request-ID", "traceparent"],
            expose_headers=["Location", "ETag", "Retry-After", "X-Request-ID", "RateLimit-Limit",
                            "RateLimit-Remaining", "RateLimit-Reset"],
        )  # fmt: skip


def _trace(app: Flask) -> None:
    """A span for every request, in the caller's trace where it names one."""
    if not tracing.is_on():
        return
    provider = tracing.provider()
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    instrument: Any = FlaskInstrumentor().instrument_app
    instrument(
        app,
        tracer_provider=provider,
        excluded_urls="healthz,readyz,metrics",
        response_hook=_without_query,
    )


def _without_query(span: Any, *_: Any) -> None:
    """A query may hold what is not for traces. After the request: before it, it is written again."""
    if span and span.is_recording():
        for name in _ADDRESSES:
            text = str((span.attributes or {}).get(name, ""))
            shown = "" if name == "url.query" else text.partition("?")[0]
            if shown != text:
                span.set_attribute(name, shown)


def _openapi_config() -> dict[str, Any]:
    return {
        "API_TITLE": "media-pipeline",
        "API_VERSION": version("media-pipeline"),
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "OPENAPI_SWAGGER_UI_PATH": "/docs",
        # served from here: nothing of the docs comes from another host
        "OPENAPI_SWAGGER_UI_URL": "/docs/assets/",
        # event streams are not among them: they must go out at once
        "COMPRESS_MIMETYPES": [
            "application/json",
            "application/problem+json",
            "text/html",
            "text/css",
            "application/javascript",
            "text/plain",
        ],
        "COMPRESS_ALGORITHM": ["gzip"],
        "COMPRESS_STREAMS": False,
        "API_SPEC_OPTIONS": {
            "security": [{"apiKey": []}],
            "info": {"description": _INTRODUCTION},
        },
    }


def _docs_asset(name: str) -> Response:
    return send_from_directory(_SWAGGER_FILES, name)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else "req_" + secrets.token_hex(12)
    g.begun = time.perf_counter()
    log.bind(request_id=g.request_id)
    # Postgres has no NUL in text; nothing that we know of has one in its name either
    if any("\0" in text for pair in request.args.items(multi=True) for text in pair):
        raise Failure(code=Code.INVALID_QUERY, message="A query parameter holds a NUL character.")


def _tell(response: Response) -> None:
    """The access log: no query, which may hold what is not for logs."""
    is_news = request.path not in _ASKED_ALL_DAY
    write = log.get("app.access").info if is_news else log.get("app.access").debug
    took_ms = round((time.perf_counter() - g.begun) * 1000, 1) if "begun" in g else None
    write(f"{request.method} {request.path[:500]}", status=response.status_code, ms=took_ms)


def _count(response: Response) -> None:
    """By route, not by path: no client can make up series."""
    method = request.method if request.method in _METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "none"
    metrics.http_requests.labels(method, route, response.status_code).inc()
    if "begun" in g:
        metrics.http_request.labels(method, route).observe(time.perf_counter() - g.begun)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    _count(response)
    _tell(response)
    rate_limit.add_headers(response)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "DENY")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    return response
