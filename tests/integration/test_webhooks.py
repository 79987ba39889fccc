"""Webhooks over real servers: the outbox, signatures, tries, and what a tenant sees of them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from app import settings
from app.factory import create_app
from app.queue import send
from app.services import api_keys, job_cancel, sweep, webhook_note, webhook_secrets, webhook_send
from app.services.job_read import Page
from app.services.webhook_log import page
from app.store import jobs, webhooks
from app.store.models import WebhookDelivery
from app.store.session import transaction
from app.store.status import JobStatus
from tests.helpers.rows import add_job
from tests.helpers.web import WebServer, web_server

pytestmark = pytest.mark.server

_MINUTE = timedelta(minutes=1)


@pytest.fixture
def sent(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Deliveries whose task was sent; nothing runs it here."""
    found: list[str] = []
    monkeypatch.setattr(
        send, "enqueue_webhook", lambda delivery_id: found.append(delivery_id) or True
    )
    monkeypatch.setattr(send, "enqueue_admit", lambda *_: True)
    monkeypatch.setenv("ALLOW_PRIVATE_NETWORKS", "true")
    monkeypatch.setenv("RETRY_BASE_S", "0.1")
    settings.current.cache_clear()
    yield found
    monkeypatch.undo()
    settings.current.cache_clear()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def noted(url: str, tenant: str = "default") -> str:
    """A cancelled job that tells of it; the delivery."""
    job_id = add_job(tenant, webhook_url=url)
    job_cancel.cancel(job_id, tenant)
    return only(job_id, tenant)["delivery_id"]  # type: ignore[no-any-return]


def listed(job_id: str, tenant: str = "default") -> list[dict[str, Any]]:
    found: Page = page(job_id, tenant, None, 100)
    return found.data


def only(job_id: str, tenant: str = "default") -> dict[str, Any]:
    (one,) = listed(job_id, tenant)
    return one


def state(delivery_id: str) -> WebhookDelivery:
    with transaction() as session:
        return session.scalars(
            select(WebhookDelivery).where(WebhookDelivery.delivery_id == delivery_id)
        ).one()


def make_due(delivery_id: str) -> None:
    with transaction() as session:
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.delivery_id == delivery_id)
            .values(due_at=WebhookDelivery.created_at)
        )


def test_an_end_is_told_with_the_job_as_it_is_then(sent: list[str], web: WebServer) -> None:
    delivery_id = noted(web.put("/hook"))
    assert sent == [delivery_id]
    assert webhook_send.deliver(delivery_id) is None
    ((path, headers, body),) = web.posted
    (secret,) = webhook_secrets.secrets_of("default")
    event = Webhook(secret).verify(body, headers)
    assert (path, event["type"], event["data"]["status"]) == ("/hook", "job.cancelled", "cancelled")
    assert headers["webhook-id"] == delivery_id
    assert headers["Content-Type"] == "application/json"
    assert state(delivery_id).status == "delivered"


def test_what_is_rolled_back_was_never_told(sent: list[str], web: WebServer) -> None:
    job_id = add_job(webhook_url=web.put("/hook"))
    with suppress(KeyError), transaction() as session:
        jobs.move(session, job_id, JobStatus.CANCELLED)
        webhook_note.note(session, job_id, "job.cancelled")
        raise KeyError
    assert (sent, listed(job_id)) == ([], [])


def test_three_failures_then_success_is_one_event(sent: list[str], web: WebServer) -> None:
    url = web.put("/flaky", statuses=[500, 302, 404])
    web.pages["/flaky"].headers = {"Location": "/elsewhere"}
    delivery_id = noted(url)
    waits = []
    for _ in range(4):
        waits.append(webhook_send.deliver(delivery_id))
        make_due(delivery_id)
    assert waits[:3] == sorted(w for w in waits[:3] if w)
    assert waits[3] is None
    assert {headers["webhook-id"] for _, headers, _ in web.posted} == {delivery_id}
    assert len({body for _, _, body in web.posted}) == 1
    assert [path for path, _, _ in web.posted] == ["/flaky"] * 4  # redirects are not followed
    found = state(delivery_id)
    assert [a["status_code"] for a in found.attempts] == [500, 302, 404, 200]
    assert webhook_send.deliver(delivery_id) is None  # a message that came once more
    assert len(web.posted) == 4


def test_a_message_that_comes_twice_at_once_is_sent_once(sent: list[str], web: WebServer) -> None:
    delivery_id = noted(web.put("/hook", status=500))
    assert webhook_send.deliver(delivery_id) is not None
    assert webhook_send.deliver(delivery_id) is None
    assert len(web.posted) == 1


def test_after_the_last_try_it_is_given_up(sent: list[str], web: WebServer) -> None:
    delivery_id = noted(web.put("/never", status=400))
    for _ in range(8):
        assert state(delivery_id).status == "pending"
        webhook_send.deliver(delivery_id)
        make_due(delivery_id)
    assert state(delivery_id).status == "failed"
    assert len(web.posted) == 8


@pytest.mark.parametrize("retry_after", ["²", "9" * 5000])
def test_an_answer_that_nobody_thought_of_is_a_try_like_others(
    sent: list[str], web: WebServer, retry_after: str
) -> None:
    url = web.put("/odd", status=503, headers={"Retry-After": retry_after})
    job_id = add_job(webhook_url=url)
    job_cancel.cancel(job_id, "default")
    assert webhook_send.deliver(only(job_id)["delivery_id"]) is not None
    assert only(job_id)["attempts"][0]["status_code"] == 503


def test_gone_is_gone(sent: list[str], web: WebServer) -> None:
    delivery_id = noted(web.put("/gone", status=410))
    assert webhook_send.deliver(delivery_id) is None
    assert state(delivery_id).status == "failed"


def test_a_host_that_does_not_answer_is_left_alone(sent: list[str], web: WebServer) -> None:
    """Five silences, and the breaker is open: what comes then waits at no cost to itself."""
    url = web.put("/down", status=503)
    tried = [noted(url) for _ in range(6)]
    for delivery_id in tried:
        webhook_send.deliver(delivery_id)
    assert len(web.posted) == 5
    last = state(tried[-1])
    assert (last.status, last.tries, last.attempts) == ("pending", 0, [])


def test_private_addresses_are_not_called(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_PRIVATE_NETWORKS", "false")
    settings.current.cache_clear()
    delivery_id = noted("http://2130706433/hook")
    webhook_send.deliver(delivery_id)
    found = state(delivery_id)
    assert found.status == "failed"
    assert "public" in found.attempts[0]["error"]


def test_the_sweep_sends_what_nobody_sent(sent: list[str], web: WebServer) -> None:
    delivery_id = noted(web.put("/hook"))
    sent.clear()
    with transaction() as session:
        session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.delivery_id == delivery_id)
            .values(due_at=WebhookDelivery.created_at - _MINUTE)
        )
    assert sweep.send_webhooks() >= 1
    assert delivery_id in sent


def test_two_secrets_sign_while_one_takes_the_others_place(sent: list[str], web: WebServer) -> None:
    tenant = "rotating"
    first = webhook_secrets.rotate(tenant)["secret"]
    second = webhook_secrets.rotate(tenant)["secret"]
    webhook_send.deliver(noted(web.put("/hook"), tenant))
    _, headers, body = web.posted[0]
    for secret in (first, second):
        Webhook(secret).verify(body, headers)
    third = webhook_secrets.rotate(tenant)["secret"]
    webhook_send.deliver(noted(web.url("/hook"), tenant))
    _, headers, body = web.posted[1]
    for secret in (second, third):
        Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(first).verify(body, headers)


def test_progress_is_told_once_in_five_seconds(sent: list[str], web: WebServer) -> None:
    job_id = add_job(webhook_url=web.put("/hook"))
    for _ in range(3):
        with transaction() as session:
            webhook_note.note_progress(session, job_id)
    assert [one["type"] for one in listed(job_id)] == ["job.progress"]


@pytest.fixture
def client(sent: list[str]) -> Iterator[FlaskClient]:
    with create_app().test_client() as made:
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {api_keys.create('hooked', 'test')}"
        yield made


def test_the_log_and_another_round(client: FlaskClient, sent: list[str], web: WebServer) -> None:
    job_id = add_job("hooked", webhook_url=web.put("/gone", status=410))
    job_cancel.cancel(job_id, "hooked")
    delivery_id = only(job_id, "hooked")["delivery_id"]
    webhook_send.deliver(delivery_id)
    path = f"/v1/jobs/{job_id}/webhooks"
    (shown,) = client.get(path).get_json()["data"]
    assert (shown["status"], shown["attempts"][0]["status_code"]) == ("failed", 410)
    web.pages["/gone"].status = 200
    again = client.post(f"{path}/{delivery_id}/redeliver")
    assert (again.status_code, again.get_json()["status"]) == (202, "pending")
    assert sent[-1] == delivery_id
    webhook_send.deliver(delivery_id)
    (shown,) = client.get(path).get_json()["data"]
    assert [a["status_code"] for a in shown["attempts"]] == [410, 200]
    assert client.post(f"{path}/msg_0/redeliver").status_code == 404
    assert client.post(f"{path}/%00/redeliver").status_code == 404
    other = {"Authorization": f"Bearer {api_keys.create('other', 'x')}"}
    assert client.get(path, headers=other).status_code == 404
    assert client.post(f"{path}/{delivery_id}/redeliver", headers=other).status_code == 404


def test_many_deliveries_come_in_pages(client: FlaskClient) -> None:
    job_id = add_job("hooked", webhook_url="https://example.com/x")
    for number in range(5):
        with transaction() as session:
            webhook_note.note(session, job_id, f"job.{number}")
    path, seen, cursor = f"/v1/jobs/{job_id}/webhooks?limit=2", [], ""
    while cursor is not None:
        answer = client.get(f"{path}&cursor={cursor}" if cursor else path).get_json()
        seen += [one["type"] for one in answer["data"]]
        cursor = answer["next_cursor"]
    assert seen == [f"job.{number}" for number in (4, 3, 2, 1, 0)]


def test_a_test_is_sent_at_once(client: FlaskClient, web: WebServer) -> None:
    answer = client.post("/v1/webhooks/test", json={"url": web.put("/hook")})
    assert (answer.status_code, answer.get_json()["status"]) == (200, "delivered")
    refused = client.post("/v1/webhooks/test", json={"url": web.put("/bad", status=500)}).get_json()
    assert (refused["status"], refused["attempts"][0]["status_code"]) == ("failed", 500)
    for url in ("ftp://x.example/a", "nonsense", "http://u:p@x.example/", "http://\ud800/"):
        assert client.post("/v1/webhooks/test", json={"url": url}).status_code == 422


def test_secrets_are_shown_once(client: FlaskClient) -> None:
    made = client.post("/v1/webhook-secrets")
    assert made.status_code == 201
    secret = made.get_json()["secret"]
    assert secret.startswith("whsec_")
    shown = client.get("/v1/webhook-secrets")
    assert secret not in shown.get_data(as_text=True)
    assert shown.get_json()["data"][0]["secret_id"] == made.get_json()["secret_id"]


def told(job_id: str, kind: str) -> None:
    with transaction() as session:
        webhook_note.note(session, job_id, kind)


def test_a_receiver_that_is_gone_gets_nothing_more_of_that_job(
    sent: list[str], web: WebServer
) -> None:
    url = web.put("/gone", status=410)
    job_id, other = add_job(webhook_url=url), add_job(webhook_url=url)
    for kind in ("job.started", "job.retrying"):
        told(job_id, kind)
    first, second = sent
    assert webhook_send.deliver(first) is None
    assert webhook_send.deliver(second) is None
    told(job_id, "job.completed")
    assert [one["status"] for one in listed(job_id)] == ["failed", "failed"]
    assert len(web.posted) == 1
    told(other, "job.started")
    assert len(listed(other)) == 1


def test_progress_that_could_not_be_told_makes_way_for_what_is_newer(
    sent: list[str], web: WebServer
) -> None:
    job_id = add_job(webhook_url=web.put("/busy", statuses=[500]))
    told(job_id, "job.progress")
    told(job_id, "job.progress")
    waiting = only(job_id)["delivery_id"]
    assert waiting == sent[1]
    assert webhook_send.deliver(sent[0]) is None  # its message comes all the same
    assert webhook_send.deliver(waiting)  # it is to be tried again
    told(job_id, "job.completed")
    assert only(job_id)["type"] == "job.completed"


def test_progress_that_is_being_told_is_written_down(sent: list[str], web: WebServer) -> None:
    job_id = add_job(webhook_url=web.put("/hook"))
    told(job_id, "job.progress")
    with transaction() as session:
        assert webhooks.claim(session, sent[0], 30)
    told(job_id, "job.completed")
    assert [one["type"] for one in listed(job_id)] == ["job.completed", "job.progress"]
