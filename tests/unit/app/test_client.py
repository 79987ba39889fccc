"""The Python client against a server that comes and goes."""

import json
from collections.abc import Callable

import httpx
import pytest

from app.client import ApiError, Client, JobTimeout, ServerUnreachable

Answer = httpx.Response | Exception


def client(*answers: Answer, patience_s: float = 5) -> tuple[Client, list[httpx.Request]]:
    """A client whose server gives these answers, the last of them for ever."""
    asked: list[httpx.Request] = []
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(handle)
    return Client("http://media", "key", patience_s=patience_s, transport=transport), asked


def job(status: str) -> httpx.Response:
    return httpx.Response(200, json={"job_id": "job_1", "status": status})


AWAY = httpx.ConnectError("refused")
BUSY = httpx.Response(503, headers={"Retry-After": "0"}, json={"code": "SERVICE_UNAVAILABLE"})


def test_a_submission_is_sent_again_under_the_same_key() -> None:
    media, asked = client(AWAY, BUSY, httpx.Response(201, json={"job_id": "job_1"}))
    assert media.submit({"inputs": []})["job_id"] == "job_1"
    assert len(asked) == 3
    assert len({request.headers["Idempotency-Key"] for request in asked}) == 1
    assert json.loads(asked[0].content) == {"inputs": []}
    assert asked[0].headers["Authorization"] == "Bearer key"


def test_what_is_not_repeatable_is_sent_once() -> None:
    media, asked = client(AWAY)
    with pytest.raises(ServerUnreachable):
        media.retry("job_1")
    assert len(asked) == 1


def test_a_server_that_stays_away_is_given_up() -> None:
    media, asked = client(AWAY, patience_s=0.5)
    with pytest.raises(ServerUnreachable, match="http://media"):
        media.job("job_1")
    assert len(asked) > 1


def test_a_refusal_has_its_code() -> None:
    media, asked = client(httpx.Response(404, json={"code": "JOB_NOT_FOUND", "message": "No."}))
    with pytest.raises(ApiError, match="JOB_NOT_FOUND") as refused:
        media.job("job_1")
    assert (refused.value.status, refused.value.code, len(asked)) == (404, "JOB_NOT_FOUND", 1)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_something_else_answers(body: bytes) -> None:
    media, _ = client(httpx.Response(200, content=body))
    with pytest.raises(ServerUnreachable):
        media.job("job_1")


def test_waiting_for_the_end() -> None:
    media, _ = client(job("pending"), AWAY, job("processing"), job("completed"))
    seen: list[str] = []
    done = media.wait("job_1", poll_s=0, on_change=lambda found: seen.append(found["status"]))
    assert (done["status"], seen) == ("completed", ["pending", "processing"])


def test_waiting_no_longer_than_wanted() -> None:
    media, _ = client(job("processing"))
    with pytest.raises(JobTimeout):
        media.wait("job_1", timeout_s=0.05, poll_s=0.01)


def test_lists_come_page_by_page() -> None:
    pages = [
        {"data": [{"n": 1}], "has_more": True, "next_cursor": "c"},
        {"data": [{"n": 2}], "has_more": False, "next_cursor": None},
    ]
    media, asked = client(*(httpx.Response(200, json=page) for page in pages))
    assert [row["n"] for row in media.jobs(status="failed")] == [1, 2]
    assert asked[1].url.params["cursor"] == "c"
    assert asked[1].url.params["status"] == "failed"


@pytest.mark.parametrize(
    ("call", "method", "path"),
    [
        (lambda c: c.cancel("job_1"), "DELETE", "/v1/jobs/job_1"),
        (lambda c: c.plan({}), "POST", "/v1/plans"),
        (lambda c: c.probe("file:///x"), "POST", "/v1/probe"),
        (lambda c: list(c.logs("job_1")), "GET", "/v1/jobs/job_1/logs"),
    ],
)
def test_endpoints(call: Callable[[Client], object], method: str, path: str) -> None:
    media, asked = client(
        httpx.Response(200, json={"data": [], "has_more": False, "next_cursor": None})
    )
    call(media)
    assert (asked[0].method, asked[0].url.path) == (method, path)
