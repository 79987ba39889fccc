"""The circuit breaker of remote hosts: shared, by Redis' clock, with one trial at a time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from app.errors import Failure
from app.factory import create_app
from app.queue import breaker
from app.services import api_keys, remote, turns
from operators.problem import Code
from tests.helpers.pace import until

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


def fail(host: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Failure), remote.watched(host, "acme"):
            raise Failure(code=Code.INPUT_DOWNLOAD_FAILED)


def state(host: str, tenant: str = "acme") -> str | None:
    name = remote.breaker_of(host, tenant)
    return next((one.state for one in breaker.states() if one.host == name), None)


def test_five_failures_in_a_row_open_it_and_one_trial_closes_it() -> None:
    host = "five.example"
    fail(host, 4)
    name = remote.breaker_of(host, "acme")
    assert (state(host), breaker.wait_s(name)) == ("closed", 0)
    breaker.report(name, True, open_s=0.3)
    assert state(host) == "open"
    with pytest.raises(Failure, match="in a row") as refused, remote.watched(host, "acme"):
        pytest.fail("it was asked")
    assert refused.value.retry_after == 1
    until("a trial is allowed", lambda: state(host) == "half_open", 5)
    with remote.watched(host, "acme"):
        pass
    assert state(host) is None


def test_a_trial_that_fails_opens_it_again() -> None:
    host = "again.example"
    for _ in range(5):
        breaker.report(host, True, open_s=0.2)
    until("a trial is allowed", lambda: breaker.wait_s(host) == 0, 5)
    breaker.report(host, True, open_s=5)
    assert 4 < breaker.wait_s(host) <= 5


def test_of_many_who_come_at_once_one_is_the_trial() -> None:
    name = remote.breaker_of("many.example", "acme")
    for _ in range(5):
        breaker.report(name, True, open_s=0.2)
    until("a trial is allowed", lambda: state("many.example") == "half_open", 5)
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: breaker.wait_s(name), range(32)))
    assert waits.count(0) == 1


def test_an_answer_in_between_counts_from_the_start() -> None:
    host = "between.example"
    fail(host, 4)
    with pytest.raises(Failure), remote.watched(host, "acme"):
        raise Failure(code=Code.INPUT_NOT_FOUND)  # an answer, and a clear one
    assert state(host) is None


def test_the_trouble_of_one_tenant_is_not_anothers() -> None:
    host = "shared.example"
    fail(host, 5)
    assert state(host) == "open"
    with remote.watched(host, "polite"):
        pass
    assert (state(host), state(host, "polite")) == ("open", None)


def test_that_our_own_time_was_over_is_not_the_hosts_fault() -> None:
    host = "slow.example"
    fail(host, 4)
    for _ in range(3):
        with pytest.raises(Failure), remote.watched(host, "acme"):
            raise Failure(code=Code.TIMEOUT)
    assert state(host) == "closed"


def test_metrics_count_breakers_by_state() -> None:
    client = create_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {api_keys.create('acme', 'test')}"
    for _ in range(5):
        breaker.report("metrics.example", True, open_s=60)
    text = client.get("/metrics").get_data(as_text=True)
    assert 'media_pipeline_breakers{state="open"} ' in text
    assert "metrics.example" not in text
    assert "media_pipeline_queue_depth " in text


def test_a_tenants_requests_that_wait_for_other_hosts_leave_room_for_others() -> None:
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(turns.in_turn("busy"))
        with pytest.raises(Failure) as caught, turns.in_turn("busy"):
            pass
        assert (caught.value.code, caught.value.retry_after) == ("PROBE_BUSY", 2)
        with turns.in_turn("calm"):
            pass
    with turns.in_turn("busy"):
        pass
