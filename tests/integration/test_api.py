"""The HTTP API over a real database: credentials, errors, lists. Nothing runs the jobs here."""

import gzip
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import settings
from app.factory import create_app
from app.queue import send
from app.services import api_keys, key_admin
from app.services.job_events import HUB
from app.store import workers
from app.store.models import ApiKey
from app.store.session import transaction
from tests.helpers.rows import add_processing_job, claim, queue_all
from tests.helpers.specs import job, op

pytestmark = pytest.mark.server


@pytest.fixture
def client(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(send, "enqueue_admit", lambda *_: True)
    with create_app().test_client() as made:
        yield made


@pytest.fixture
def key(database: str) -> str:
    return api_keys.create("acme", "test")


def auth(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def a_job() -> dict[str, Any]:
    folder = Path(settings.current().media_roots)
    return job(folder / "in.mp4", op("trim", "src", "cut", end=1), cut=folder / "o.mp4")


def test_a_job_is_accepted_and_can_be_read(client: FlaskClient, key: str) -> None:
    posted = client.post("/v1/jobs", json=a_job(), headers=auth(key))
    assert posted.status_code == 201
    made = posted.get_json()
    assert posted.headers["Location"] == f"/v1/jobs/{made['job_id']}"
    assert list(made) == [
        "job_id", "status", "priority", "tags", "created_at", "updated_at", "started_at", "completed_at",
        "retry_count", "queue_position", "progress", "why", "running", "error", "warnings", "outputs", "spec", "plan_id",
        "analysis",
    ]  # fmt: skip
    assert (made["status"], len(made["job_id"])) == ("pending", 36)
    assert made["spec"] == a_job()
    read = client.get(posted.headers["Location"], headers={"X-API-Key": key}).get_json()
    assert read["why"]["code"] == "WAITS_FOR_WORKER"  # none is here
    assert {**read, "why": None} == made


def test_operators_see_who_works_and_on_what(client: FlaskClient, key: str) -> None:
    job_id = add_processing_job("acme", s1="")
    queue_all(job_id)
    with transaction() as session:
        workers.beat(
            session, "media1@here#ab", hostname="here", version="1", slots=2, cores=2, queues=["media"],
            work_dir_fingerprint="x",
        )  # fmt: skip
    claim(job_id, "s1", worker="media1@here#ab")
    (shown,) = client.get("/v1/workers", headers=auth(key)).get_json()["data"]
    assert (shown["worker_id"], shown["status"], shown["slots"]) == ("media1@here#ab", "active", 2)
    (run,) = shown["running"]
    assert (run["job_id"], run["step_id"], run["attempt"]) == (job_id, "s1", 1)
    (same,) = client.get(f"/v1/jobs/{job_id}", headers=auth(key)).get_json()["running"]
    assert (same["worker_id"], same["attempt"]) == ("media1@here#ab", 1)
    with transaction() as session:
        workers.leave(session, "media1@here#ab")


@pytest.mark.parametrize("path", ["", "/plan", "/logs", "/steps", "/bundle"])
def test_a_foreign_job_is_not_there(client: FlaskClient, key: str, path: str) -> None:
    mine = client.post("/v1/jobs", json=a_job(), headers=auth(key)).get_json()["job_id"]
    other = api_keys.create("other", "test")
    for job_id, who in ((mine, other), ("job_" + "0" * 32, key), ("rubbish", key), ("%00", key)):
        answer = client.get(f"/v1/jobs/{job_id}{path}", headers=auth(who))
        assert (answer.status_code, answer.get_json()["code"]) == (404, "JOB_NOT_FOUND")
    assert client.delete(f"/v1/jobs/{mine}", headers=auth(other)).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/jobs?created_before=1513-04-19T19:03:04.53-21:10", 200),
        ("/v1/stats/errors?period=day&since=0630-10-16T09:51:32.0%2B17:16", 200),
        ("/v1/jobs?created_after=0001-01-01T00:00:00%2B23:00", 422),
    ],
)
def test_times_in_zones_that_no_database_knows(
    client: FlaskClient, key: str, path: str, status: int
) -> None:
    assert client.get(path, headers=auth(key)).status_code == status


def test_so_many_jobs_may_wait_and_no_more(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIMIT_QUEUED_JOBS", "3")
    settings.current.cache_clear()
    own = api_keys.create("crowded", "test")
    answers = [client.post("/v1/jobs", json=a_job(), headers=auth(own)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[3].get_json()["code"] == "QUOTA_EXCEEDED"
    assert "Retry-After" in answers[3].headers
    other = api_keys.create("empty", "test")
    assert client.post("/v1/jobs", json=a_job(), headers=auth(other)).status_code == 201
    monkeypatch.undo()
    settings.current.cache_clear()


def test_no_tenant_takes_all_streams(
    client: FlaskClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_STREAMS", "4")
    settings.current.cache_clear()
    other = api_keys.create("other", "test")
    mine, theirs = (
        client.post("/v1/jobs", json=a_job(), headers=auth(who)).get_json()["job_id"]
        for who in (key, other)
    )
    opened = [
        client.get(f"/v1/jobs/{mine}/events", headers=auth(key), buffered=False) for _ in range(3)
    ]
    assert [answer.status_code for answer in opened] == [200, 200, 429]
    opened.append(client.get(f"/v1/jobs/{theirs}/events", headers=auth(other), buffered=False))
    assert opened[-1].status_code == 200
    for answer in opened:
        answer.close()
    monkeypatch.undo()
    settings.current.cache_clear()


def test_long_answers_are_compressed_for_who_can_read_that(client: FlaskClient, key: str) -> None:
    made = client.post("/v1/jobs", json=a_job(), headers=auth(key)).get_json()
    path, accepts = f"/v1/jobs/{made['job_id']}", {"Accept-Encoding": "gzip", **auth(key)}
    packed = client.get(path, headers=accepts)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert (
        json.loads(gzip.decompress(packed.data)) == client.get(path, headers=auth(key)).get_json()
    )
    again = client.get(path, headers={**accepts, "If-None-Match": packed.headers["ETag"]})
    assert again.status_code == 304


ENDPOINTS = (
    ("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("GET", "/v1/jobs/job_1"), ("DELETE", "/v1/jobs/job_1"),
    ("GET", "/v1/jobs/job_1/logs"), ("GET", "/v1/jobs/job_1/plan"), ("GET", "/v1/jobs/job_1/steps"),
    ("POST", "/v1/plans"), ("POST", "/v1/probe"), ("GET", "/v1/operators"), ("GET", "/v1/operators/trim"),
    ("PATCH", "/v1/jobs/job_1"), ("POST", "/v1/jobs/job_1/retry"), ("GET", "/v1/jobs/job_1/bundle"),
    ("GET", "/v1/queue"), ("GET", "/v1/workers"), ("POST", "/v1/queue/pause"), ("POST", "/v1/queue/resume"),
    ("GET", "/v1/stats/errors"), ("GET", "/v1/api-keys"), ("POST", "/v1/api-keys"),
    ("DELETE", "/v1/api-keys/x"), ("GET", "/v1/jobs/job_1/events"), ("GET", "/v1/jobs/job_1/webhooks"),
    ("POST", "/v1/jobs/job_1/webhooks/msg_1/redeliver"), ("POST", "/v1/webhooks/test"),
    ("GET", "/v1/webhook-secrets"), ("POST", "/v1/webhook-secrets"), ("GET", "/metrics"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_no_endpoint_without_a_good_credential(
    client: FlaskClient, key: str, method: str, path: str
) -> None:
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    for headers in (
        {}, auth("x"), auth(wrong), {"Authorization": "Basic eDp5"}, {"X-API-Key": ""},
        {**auth(key), "X-API-Key": wrong},
    ):  # fmt: skip
        answer = client.open(path, method=method, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHENTICATED")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_keys_that_ended_are_no_keys(
    client: FlaskClient, database: str, method: str, path: str
) -> None:
    revoked, expired = (api_keys.create("acme", name) for name in ("revoked", "expired"))
    key_admin.revoke(api_keys.id_of(revoked))
    with transaction() as session:
        found = session.get_one(ApiKey, api_keys.id_of(expired))
        found.expires_at = found.created_at
    for gone in (revoked, expired):
        answer = client.open(path, method=method, headers=auth(gone))
        assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHENTICATED")


OF_A_JOB = [(method, path) for method, path in ENDPOINTS if "/jobs/job_1" in path]


@pytest.mark.parametrize(("method", "path"), OF_A_JOB)
def test_a_job_of_others_is_no_job(client: FlaskClient, key: str, method: str, path: str) -> None:
    mine = client.post("/v1/jobs", json=a_job(), headers=auth(key)).get_json()["job_id"]
    other = api_keys.create("other", "test")
    body = {"json": {"priority": 1}} if method == "PATCH" else {}
    answer = client.open(path.replace("job_1", mine), method=method, headers=auth(other), **body)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "JOB_NOT_FOUND")


def test_the_matrix_has_every_endpoint(client: FlaskClient) -> None:
    """What needs a credential by the OpenAPI document is in the lists of these tests."""
    document = client.get("/openapi.json").get_json()
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "X", path))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "delete") and operation.get("security") != []
    }
    listed = {
        (method, re.sub(r"job_1|msg_1|(?<=api-keys/)x|(?<=operators/)trim", "X", path))
        for method, path in ENDPOINTS
    }
    assert described == listed


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_scopes_are_needed(client: FlaskClient, database: str, method: str, path: str) -> None:
    lesser = api_keys.create("acme", "lesser", ["jobs:write" if method == "GET" else "jobs:read"])
    answer = client.open(path, method=method, headers=auth(lesser))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN")


def test_where_authentication_is_off_a_wrong_credential_is_still_wrong(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_MODE", "off")
    settings.current.cache_clear()
    try:
        assert client.get("/v1/jobs").status_code == 200
        assert client.get("/v1/jobs", headers=auth("mp_live_x")).status_code == 401
    finally:
        monkeypatch.undo()
        settings.current.cache_clear()


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/nothing", {}, 404, "NOT_FOUND"),
        ("PUT", "/v1/jobs", {}, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v1/jobs", {"data": "{", "content_type": "application/json"}, 400, "MALFORMED_JSON"),
        ("POST", "/v1/jobs", {"data": "[" * 100_000, "content_type": "application/json"}, 400, "MALFORMED_JSON"),
        ("POST", "/v1/jobs", {"data": '{"priority": NaN}', "content_type": "application/json"}, 400, "MALFORMED_JSON"),
        ("POST", "/v1/jobs", {"data": b"\xff\xfe", "content_type": "application/json"}, 400, "MALFORMED_JSON"),
        ("POST", "/v1/jobs", {"data": "x", "content_type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", "/v1/jobs", {"data": b"x" * (2 << 20), "content_type": "application/json"}, 413, "BODY_TOO_LARGE"),
        ("POST", "/v1/jobs", {"json": {}}, 422, "INVALID_JOB_SPEC"),
        ("POST", "/v1/jobs", {"json": []}, 422, "INVALID_JOB_SPEC"),
        ("POST", "/v1/jobs", {"json": {"plan_id": "plan_none"}}, 422, "INVALID_JOB_SPEC"),
        ("GET", "/v1/jobs?limit=101", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs?cursor=rubbish", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs?cursor=WzFd", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs?created_after=yesterday", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs?tag=novalue", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs/job_1?fields=", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs/job_1/events?last_event_id=", {}, 422, "INVALID_QUERY"),
        ("GET", "/v1/jobs?tag=a:%00", {}, 422, "INVALID_QUERY"),
        ("POST", "/v1/jobs", {"json": {"plan_id": "\0"}}, 422, "INVALID_JOB_SPEC"),
        ("GET", "/v1/operators/trimm", {}, 404, "UNKNOWN_OPERATOR"),
        ("GET", "/docs/errors/NONE", {}, 404, "NOT_FOUND"),
    ],
)  # fmt: skip
def test_every_refusal_is_problem_json(
    client: FlaskClient,
    key: str,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    code: str,
) -> None:
    answer = client.open(
        path, method=method, headers={**auth(key), "X-Request-ID": "mine"}, **options
    )
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    document = answer.get_json()
    assert (document["code"], document["status"], document["request_id"]) == (code, status, "mine")
    assert document["type"] == document["documentation"] == f"/docs/errors/{code}"
    assert answer.headers["X-Request-ID"] == "mine"
    if status == 405:
        assert "POST" in answer.headers["Allow"]


def test_a_read_may_ask_for_some_fields_and_for_news_only(client: FlaskClient, key: str) -> None:
    made = client.post("/v1/jobs", json=a_job(), headers=auth(key)).get_json()
    path = f"/v1/jobs/{made['job_id']}"
    few = client.get(f"{path}?fields=status,job_id", headers=auth(key))
    assert few.get_json() == {"status": "pending", "job_id": made["job_id"]}
    tag = few.headers["ETag"]
    same = client.get(f"{path}?fields=status,job_id", headers={**auth(key), "If-None-Match": tag})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    client.patch(path, json={"priority": 9}, headers=auth(key))
    whole = client.get(path, headers={**auth(key), "If-None-Match": tag})
    assert (whole.status_code, whole.get_json()["priority"]) == (200, 9)
    bad = client.get(f"{path}?fields=status,colour", headers=auth(key))
    assert (bad.status_code, bad.get_json()["code"]) == (422, "INVALID_QUERY")


def test_lists_page_by_cursor(client: FlaskClient, database: str) -> None:
    key = api_keys.create("pager", "test")
    ids = [
        client.post(
            "/v1/jobs", json=a_job() | {"tags": {"n": str(n)}}, headers=auth(key)
        ).get_json()["job_id"]
        for n in range(5)
    ]
    seen, path = [], "/v1/jobs?limit=2"
    while path:
        page = client.get(path, headers=auth(key)).get_json()
        seen += [job["job_id"] for job in page["data"]]
        path = f"/v1/jobs?limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""
    assert seen == ids[::-1]
    found = client.get(
        "/v1/jobs?status=pending&status=failed&tag=n:3", headers=auth(key)
    ).get_json()
    assert [job["job_id"] for job in found["data"]] == [ids[3]]


def test_logs_page_too(client: FlaskClient, key: str) -> None:
    job_id = client.post("/v1/jobs", json=a_job(), headers=auth(key)).get_json()["job_id"]
    client.delete(f"/v1/jobs/{job_id}", headers=auth(key))
    first = client.get(f"/v1/jobs/{job_id}/logs?limit=1", headers=auth(key)).get_json()
    rest = client.get(
        f"/v1/jobs/{job_id}/logs?cursor={first['next_cursor']}", headers=auth(key)
    ).get_json()
    assert [line["message"] for line in first["data"] + rest["data"]] == [
        "Job accepted.",
        "Job cancelled.",
    ]


def test_documentation_is_served_from_here(client: FlaskClient) -> None:
    spec = client.get("/openapi.json").get_json()
    assert spec["openapi"] == "3.1.0"
    assert set(spec["paths"]) >= {
        "/v1/jobs",
        "/v1/jobs/{job_id}",
        "/v1/plans",
        "/v1/operators/{name}",
    }
    body = spec["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["oneOf"][0] == {"$ref": "#/components/schemas/JobSpec"}
    assert "inputs" in spec["components"]["schemas"]["JobSpec"]["properties"]
    assert "Authorize" in spec["info"]["description"]
    page = client.get("/docs").get_data(as_text=True)
    assert "http" not in page.replace("http://127", "").split("<body")[0]
    with client.get("/docs/assets/swagger-ui.css") as asset:
        assert asset.status_code == 200
    assert "What to do" in client.get("/docs/errors/INPUT_NOT_FOUND").get_data(as_text=True)
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_the_example_of_the_document_is_accepted(client: FlaskClient, key: str) -> None:
    shown = client.get("/openapi.json").get_json()["components"]["examples"]["Job"]["value"]
    answer = client.post("/v1/jobs", json=shown, headers=auth(key))
    assert answer.status_code == 201, answer.text


def test_the_first_page_leads_on(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page.headers["Location"]) == (302, "/docs")
    assert client.get("/").get_json()["openapi"] == "/openapi.json"


def test_health_tells_what_is_missing(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    checks = answer.get_json()["checks"]
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert (checks["postgres"], checks["redis"], checks["ffmpeg"]) == ("ok", "ok", "ok")


def test_without_postgres_the_answer_is_503_with_a_time(
    client: FlaskClient, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    settings.current.cache_clear()
    try:
        answer = client.get("/v1/jobs", headers=auth(key))
        assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert answer.headers["Retry-After"] == "5"
        assert client.get("/readyz").status_code == 503
    finally:
        monkeypatch.undo()
        settings.current.cache_clear()


def test_keys_are_stored_as_hashes_and_their_use_is_noted(database: str) -> None:
    from sqlalchemy import text

    from app.store.session import transaction

    key = api_keys.create("acme", "noted")
    assert api_keys.recognise(key)
    with transaction() as session:
        row = session.execute(text("SELECT * FROM api_keys WHERE name = 'noted'")).mappings().one()
    assert key.rpartition("_")[2] not in str(dict(row))
    assert row["last_used_at"] is not None
    with transaction() as session:
        session.execute(text("UPDATE api_keys SET revoked_at = now() WHERE name = 'noted'"))
    assert api_keys.recognise(key) is None


def test_the_same_key_gives_the_same_job(client: FlaskClient, key: str) -> None:
    once = {**auth(key), "Idempotency-Key": "order-17"}
    first = client.post("/v1/jobs", json=a_job(), headers=once)
    again = client.post("/v1/jobs", json=dict(reversed(a_job().items())), headers=once)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json()["job_id"] == first.get_json()["job_id"]
    assert again.headers["Location"] == first.headers["Location"]
    other = client.post("/v1/jobs", json={**a_job(), "priority": 9}, headers=once)
    assert (other.status_code, other.get_json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    stranger = {**auth(api_keys.create("other", "test")), "Idempotency-Key": "order-17"}
    assert client.post("/v1/jobs", json=a_job(), headers=stranger).status_code in (201, 422)
    for bad in ("", "a b", "x" * 256):
        refused = client.post(
            "/v1/jobs", json=a_job(), headers={**auth(key), "Idempotency-Key": bad}
        )
        assert (refused.status_code, refused.get_json()["code"]) == (422, "INVALID_QUERY")


def test_a_refused_body_does_not_use_its_key_up(client: FlaskClient, key: str) -> None:
    once = {**auth(key), "Idempotency-Key": "order-18"}
    assert client.post("/v1/jobs", json={"inputs": []}, headers=once).status_code == 422
    assert client.post("/v1/jobs", json=a_job(), headers=once).status_code == 201


def test_fifty_at_once_make_one_job(client: FlaskClient, key: str) -> None:
    app = client.application

    def post(_: int) -> tuple[int, str]:
        answer = app.test_client().post(
            "/v1/jobs", json=a_job(), headers={**auth(key), "Idempotency-Key": "at-once"}
        )
        return answer.status_code, answer.get_json()["job_id"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(50)))
    assert len({job_id for _, job_id in answers}) == 1
    assert sorted(status for status, _ in answers) == [200] * 49 + [201]


@pytest.fixture
def with_origin(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setenv("CORS_ORIGINS", "https://app.example,https://other.example")
    settings.current.cache_clear()
    with create_app().test_client() as made:
        yield made
    monkeypatch.undo()
    settings.current.cache_clear()


def test_pages_of_named_origins_may_call(with_origin: FlaskClient) -> None:
    origin = {"Origin": "https://app.example"}
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = with_origin.options("/v1/jobs", headers={**origin, **ask})
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    refused = with_origin.get("/v1/jobs", headers=origin)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (
        401,
        origin["Origin"],
    )
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    stranger = with_origin.get("/v1/jobs", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_no_page_may_call_by_default(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"Origin": "https://app.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_client_that_goes_before_it_reads_leaves_no_stream(client: FlaskClient, key: str) -> None:
    made = client.post("/v1/jobs", json=a_job(), headers=auth(key)).get_json()
    for is_read in (False, True):
        answer = client.get(f"/v1/jobs/{made['job_id']}/events", headers=auth(key), buffered=False)
        assert HUB.count == 1
        if is_read:
            assert b"retry" in next(iter(answer.response))
        answer.close()
        assert HUB.count == 0
