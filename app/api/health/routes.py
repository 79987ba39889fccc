"""Routes for machines and the lost: liveness, readiness, the meaning of error codes."""

from typing import Any

from flask import Blueprint as Pages
from flask import Response, redirect, render_template_string, request
from markupsafe import Markup
from marshmallow import Schema, fields

from app import settings
from app.api.auth import require
from app.api.body import Blueprint
from app.errors import Failure
from app.services import health as checking
from app.services import metrics
from app.taxonomy import MEANINGS
from operators.problem import Code

health = Blueprint("health", __name__, description="For load balancers and Prometheus")
pages = Pages("pages", __name__)
_PUBLIC: dict[str, Any] = {"security": []}

_STYLE = """<style>body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}
dt{font-weight:600;margin-top:.8rem}dd{margin:0}code{font-size:1.1em}</style>"""
_ERROR_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ code }}</title>
{{ style }}<p><a href="/docs/errors">all codes</a></p>
<h1><code>{{ code }}</code></h1><p>{{ meaning.message }}</p>
<dl><dt>What to do</dt><dd>{{ meaning.remedy }}</dd>
<dt>Category</dt><dd>{{ meaning.category.value }}</dd>
<dt>HTTP status</dt><dd>{{ meaning.status }}</dd>
<dt>Severity</dt><dd>{{ meaning.severity }}</dd>
<dt>Tried again</dt><dd>{{ meaning.retryable.value }}</dd></dl></html>
"""
_INDEX_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Error codes</title>
{{ style }}<h1>Error codes</h1>
{% for group, rows in meanings.items()|groupby("1.group") %}<h2>{{ group }}</h2><dl>
{% for code, meaning in rows %}<dt><a href="/docs/errors/{{ code }}"><code>{{ code }}</code></a></dt>
<dd>{{ meaning.message }}</dd>{% endfor %}</dl>{% endfor %}</html>
"""


class HealthSchema(Schema):
    status = fields.Str(metadata={"enum": ["ok", "degraded", "unavailable"]})


class ReadinessSchema(HealthSchema):
    checks = fields.Dict(keys=fields.Str(), values=fields.Str())


@health.route("/healthz", methods=["GET"])
@health.doc(**_PUBLIC)
@health.response(200, HealthSchema)
def live() -> Any:
    """This process answers."""
    return {"status": "ok"}


@health.route("/readyz", methods=["GET"])
@health.doc(**_PUBLIC)
@health.response(200, ReadinessSchema)
@health.alt_response(503, schema=ReadinessSchema, description="Postgres or FFmpeg is missing")
def ready() -> Any:
    """What the service needs answers: 503 only without Postgres or FFmpeg."""
    verdict = checking.check()
    if verdict["status"] == "unavailable":
        return verdict, 503, {"Retry-After": "5"}
    return verdict


@health.route("/metrics", methods=["GET"])
@health.response(200, {"type": "string"}, content_type="text/plain")
def show_metrics() -> Response:
    """Prometheus metrics, for administrators unless METRICS_PUBLIC is set."""
    if not settings.current().metrics_public:
        require("admin")
    return Response(metrics.render(), content_type=metrics.CONTENT_TYPE)


@pages.get("/")
def begin() -> Any:
    """Where to go from here: a page for people, addresses for programs."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return redirect("/docs")
    return {"docs": "/docs", "openapi": "/openapi.json", "jobs": "/v1/jobs", "ready": "/readyz"}


@pages.get("/docs/errors")
def list_errors() -> str:
    """All codes on one page."""
    return render_template_string(_INDEX_PAGE, meanings=MEANINGS, style=Markup(_STYLE))


@pages.get("/docs/errors/<code>")
def explain_error(code: str) -> str:
    """The documentation that each error object points at."""
    if code not in Code.__members__:
        raise Failure(code=Code.NOT_FOUND, message=f"There is no error code {code[:64]}.")
    return render_template_string(
        _ERROR_PAGE, code=code, meaning=MEANINGS[Code(code)], style=Markup(_STYLE)
    )
