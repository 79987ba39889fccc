"""Whatever is sent to whatever address, no answer is a 500, and every refusal is a problem with a code."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import settings
from app.factory import create_app
from app.queue import send
from app.services import api_keys
from tests.helpers.specs import job, op

pytestmark = pytest.mark.server

POSTS = (
    "/v1/jobs", "/v1/plans", "/v1/probe", "/v1/api-keys", "/v1/webhooks/test", "/v1/webhook-secrets",
    "/v1/jobs/job_1/retry",
)  # fmt: skip
LONG = 200_000


def deep(depth: int, open_: str, close: str) -> bytes:
    return (open_ * depth + close * depth).encode()


RAW: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "a NUL": b"\0",
    "no UTF-8": b'{"inputs": "\xff\xfe"}',
    "a byte order mark": b'\xef\xbb\xbf{"inputs": []}',
    "UTF-16": '{"inputs": []}'.encode("utf-16"),
    "half of it": b'{"inputs": [{"id": "a"',
    "deep arrays": deep(100_000, "[", "]"),
    "deep objects": deep(20_000, '{"a":', "}"),
    "NaN": b'{"priority": NaN}',
    "Infinity": b'{"timeout": Infinity}',
    "a huge number": b'{"priority": 1e999999}',
    "a long integer": b'{"priority": ' + b"9" * 5000 + b"}",
    "a negative zero": b'{"priority": -0.0}',
    "a key twice": b'{"inputs": [], "inputs": [], "outputs": []}',
    "half a character": b'{"source": "\\ud800", "url": "\\udfff", "name": "\\ud800"}',
    "an escaped NUL": b'{"source": "file:///a\\u0000b", "url": "\\u0000", "name": "\\u0000", "tenant": "\\u0000"}',
    "a comment": b'{"inputs": [] /* none */}',
    "two documents": b"{}{}",
    "a form": b"source=file:///etc/passwd",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
}
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, 1e308, "", "x", "x" * LONG, [], [[]], {}, {"": ""}, [None] * 1000,
    {"a" * LONG: 1}, "\u202e\u0000", "file://", "file:///", "s3://", "http://", "http://[::1", "http://a:99999/",
    "//", "file://host/a", "file:///%00", "file:///a/../../etc/passwd", "data:,x", "\U0010ffff" * 100,
)  # fmt: skip


@pytest.fixture(scope="module")
def client(database: str) -> Iterator[FlaskClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send, "enqueue_admit", lambda *_: True)
        patch.setenv("RATE_LIMIT_PER_MINUTE", "0")
        patch.setenv("RATE_LIMIT_SUBMIT_PER_MINUTE", "0")
        settings.current.cache_clear()
        with create_app().test_client() as made:
            yield made
    settings.current.cache_clear()


@pytest.fixture(scope="module")
def key(database: str) -> str:
    return api_keys.create("acme", "hostile")


def posted(
    client: FlaskClient, key: str, path: str, body: bytes, kind: str = "application/json"
) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    answer = client.post(path, data=body, content_type=kind, headers=headers)
    assert answer.status_code != 500, f"{body[:200]!r}: {answer.text[:500]}"
    if answer.status_code >= 400:
        told = answer.get_json()
        assert answer.content_type == "application/problem+json"
        assert told["code"]
        assert told["message"].endswith(".")
    assert len(answer.data) < 2 << 20


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", sorted(RAW))
def test_what_is_no_document_is_refused(
    client: FlaskClient, key: str, path: str, name: str
) -> None:
    posted(client, key, path, RAW[name])


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/json; charset=klingon",
        "multipart/form-data",
        "a/b/c",
        "",
        "\u00e9",
    ],
)
def test_types_that_nobody_knows_are_refused(client: FlaskClient, key: str, kind: str) -> None:
    for path in POSTS:
        posted(client, key, path, b"{}", kind)


def mutated(document: Any) -> Iterator[Any]:
    """The document with each place, one after the other, replaced by each value."""
    if isinstance(document, dict):
        for name, below in document.items():
            for value in VALUES:
                yield {**document, name: value}
            for other in mutated(below):
                yield {**document, name: other}
    elif isinstance(document, list):
        for index, below in enumerate(document):
            for other in mutated(below):
                yield [*document[:index], other, *document[index + 1 :]]


def a_spec() -> dict[str, Any]:
    folder = Path(settings.current().media_roots)
    made = job(
        folder / "in.mp4",
        op("trim", "src", "cut", start=1, end="3s"),
        op("drawtext", "cut", "named", text="hello"),
        named=folder / "o.mp4",
    )
    made["outputs"][0] |= {
        "codec": {"video": {"codec": "h264", "crf": 20}},
        "metadata": {"title": "x"},
    }
    return {
        **made,
        "priority": 5,
        "timeout": "1h",
        "tags": {"a": "b"},
        "limits": {"max_duration": 5},
    }


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/plans"])
def test_no_value_anywhere_in_a_spec_is_a_fault(client: FlaskClient, key: str, path: str) -> None:
    for number, document in enumerate(mutated(a_spec())):
        # plans are made of what is accepted, which takes time: every seventh will do
        if path == "/v1/jobs" or number % 7 == 0:
            posted(client, key, path, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v1/probe", {"source": "file:///media/a.mp4"}),
        ("/v1/api-keys", {"name": "a", "tenant": "b", "scopes": ["jobs:read"], "expires_at": "2030-01-01T00:00:00Z"}),
        ("/v1/webhooks/test", {"url": "https://example.org/hook"}),
    ],
)  # fmt: skip
def test_no_value_anywhere_in_another_body_is_a_fault(
    client: FlaskClient, key: str, path: str, document: dict[str, Any]
) -> None:
    for other in mutated(document):
        posted(client, key, path, json.dumps(other).encode())


def test_many_inputs_that_cannot_be_read_are_many_problems(client: FlaskClient, key: str) -> None:
    """Each in its own way: not there, a folder, empty, no media, outside, elsewhere."""
    folder = Path(settings.current().media_roots)
    folder.mkdir(exist_ok=True)
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("text")
    (folder / "folder.mp4").mkdir(exist_ok=True)
    names = ["gone.mp4", "empty.mp4", "text.mp4", "folder.mp4", "a\nb.mp4", "x" * 200] * 2
    inputs = [{"id": f"i{n}", "source": (folder / name).as_uri()} for n, name in enumerate(names)]
    spec = {
        "inputs": inputs,
        "operations": [{"op": "concat", "inputs": [i["id"] for i in inputs], "output": "all"}],
        "outputs": [{"id": "all", "destination": (folder / "o.mp4").as_uri()}],
    }
    headers = {"Authorization": f"Bearer {key}"}
    answer = client.post("/v1/plans", json=spec, headers=headers)
    assert answer.status_code == 422, answer.text
    assert len(answer.get_json()["errors"]) == len(names)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1e9", "limit=-1", "limit=", "cursor=x", "cursor=%00", "cursor=" + "a" * 399, "status=x",
        "status=completed&status=completed", "tag=a", "tag=:", "tag=a:b:c:d", "tag=" + "a:" * 2000, "tag=%ff:%fe",
        "created_after=x", "created_after=9999-12-31T23:59:59%2B00:01", "created_before=0001-01-01T00:00:00-14:00",
        "nothing=1", "limit=1&limit=2", "%00=1", "fields=" + "a," * 1000,
    ],
)  # fmt: skip
def test_no_query_is_a_fault(client: FlaskClient, key: str, query: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    for path in (
        "/v1/jobs",
        "/v1/jobs/job_1",
        "/v1/jobs/job_1/logs",
        "/v1/jobs/job_1/steps",
        "/v1/api-keys",
        "/v1/stats/errors",
    ):
        answer = client.get(f"{path}?{query}", headers=headers)
        assert answer.status_code != 500, answer.text


def test_tags_that_are_stored_can_be_asked_for(client: FlaskClient, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    tags = {
        "a": "b",
        "with:colon": "x:y",
        "long": "v" * 1024,
        "é": "ü",
        "q&=#%": "+ &",
    }
    made = client.post("/v1/jobs", json={**a_spec(), "tags": tags}, headers=headers)
    assert made.status_code == 201, made.text
    for name, value in tags.items():
        asked = {"tag": f"{name}:{value}"}
        found = client.get("/v1/jobs", query_string=asked, headers=headers).get_json()
        assert made.get_json()["job_id"] in [one["job_id"] for one in found["data"]], name
    none = client.get("/v1/jobs", query_string={"tag": "a:c"}, headers=headers).get_json()
    assert none["data"] == []
