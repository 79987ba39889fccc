"""Rate limits over a real Redis: exact over processes, told in headers, never in the way of an outage."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
from flask.testing import FlaskClient

from app import settings
from app.factory import create_app
from app.queue import bucket, send
from app.services import api_keys
from tests.helpers.pace import until
from tests.helpers.specs import job, op

pytestmark = pytest.mark.server

_LIMIT = 240


def _take_many(name: str, count: int) -> int:
    levels = [bucket.take(name, _LIMIT) for _ in range(count)]
    return sum(level is not None and level.passes for level in levels)


def test_four_processes_share_one_exact_bucket(database: str) -> None:
    began = time.monotonic()
    with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        passed = sum(pool.map(_take_many, ["shared"] * 4, [250] * 4))
    refilled = (time.monotonic() - began) * _LIMIT / 60
    assert _LIMIT <= passed <= _LIMIT + refilled + 1


def test_a_bucket_fills_again(database: str) -> None:
    assert _take_many("again", _LIMIT) == _LIMIT
    level = bucket.take("again", _LIMIT)
    assert level is not None
    if not level.passes:
        assert 0 < level.wait_ms <= 60_000 / _LIMIT
    for _ in range(2):
        until("a token has come", lambda: _take_many("again", 1) == 1, 5)
    assert bucket.take("other", _LIMIT) == bucket.Level(
        size=_LIMIT, passes=True, remaining=_LIMIT - 1, full_in_ms=250, wait_ms=0
    )


@pytest.fixture(autouse=True)
def redis_was_never_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a second after it was, nothing is counted."""
    monkeypatch.setattr(bucket, "_away_until", 0.0)


@pytest.fixture
def client(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setattr(send, "enqueue_admit", lambda *_: True)
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "20")
    monkeypatch.setenv("RATE_LIMIT_SUBMIT_PER_MINUTE", "3")
    settings.current.cache_clear()
    with create_app().test_client() as made:
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {api_keys.create('acme', 'test')}"
        yield made
    monkeypatch.undo()
    settings.current.cache_clear()


def test_too_many_submissions_are_told_when_to_come_again(client: FlaskClient) -> None:
    folder = settings.current().roots("acme")[0]
    spec = job(
        f"file://{folder}/a.mp4",
        op("trim", "src", "cut", end=1),
        cut={"destination": f"file://{folder}/b.mp4"},
    )
    answers = [client.post("/v1/jobs", json=spec) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.content_type == "application/problem+json"
    assert refused.get_json()["code"] == "RATE_LIMIT_EXCEEDED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 20
    assert refused.get_json()["retry_after"] == int(refused.headers["Retry-After"])
    read = client.get("/v1/jobs")  # reading has a bucket of its own
    assert (read.status_code, read.headers["RateLimit-Limit"]) == (200, "20")


def test_another_key_has_a_bucket_of_its_own(client: FlaskClient) -> None:
    statuses = [client.get("/v1/jobs").status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    other = {"Authorization": f"Bearer {api_keys.create('acme', 'other')}"}
    assert client.get("/v1/jobs", headers=other).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_without_redis_requests_pass(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.current.cache_clear()
    answers = [client.get("/v1/operators") for _ in range(25)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[0].headers
