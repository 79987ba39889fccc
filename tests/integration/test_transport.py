"""The transport that messages and events take."""

import pytest

from app.queue import transport
from app.queue.celery import celery
from tests.helpers.pace import scaled

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]


def test_a_channel_has_one_client_until_its_connections_are_others() -> None:
    with celery.connection_for_write() as connection:
        channel = connection.default_channel
        assert isinstance(channel, transport.Channel)
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
        channel._disconnect_pools()
        with channel.conn_or_acquire() as third:
            assert third is not first
            assert third.ping()


def test_messages_arrive_by_priority() -> None:
    with (
        celery.connection_for_write() as connection,
        connection.SimpleQueue("test-transport") as queue,
    ):
        for word, priority in (("second", 5), ("third", 9), ("first", 0)):
            queue.put(word, priority=priority)
        found = [queue.get(timeout=scaled(5)) for _ in range(3)]
        for message in found:
            message.ack()
    assert [message.payload for message in found] == ["first", "second", "third"]
