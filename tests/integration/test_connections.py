"""Connections of the pool, when Postgres ends them."""

import pytest
from sqlalchemy import NullPool, create_engine, text

from app.store import rested
from app.store.session import Unreachable, engine, transaction

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("database")]

_PID = text("SELECT pg_backend_pid()")


def pid() -> int:
    with transaction() as session:
        return int(session.execute(_PID).scalar_one())


def end_all() -> None:
    """As a restart of the server does, over a connection that is none of the pool's."""
    outside = create_engine(engine().url, poolclass=NullPool)
    with outside.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE pid != pg_backend_pid() AND application_name = 'media-pipeline'"
            )
        )


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections that were tried before they were used."""
    engine().dispose()  # whatever other tests left there
    found: list[object] = []
    ping = engine().dialect.do_ping

    def noted(connection: object) -> bool:
        found.append(connection)
        return bool(ping(connection))

    monkeypatch.setattr(engine().dialect, "do_ping", noted)
    return found


def test_one_that_was_used_just_now_is_used_again_at_once(tried: list[object]) -> None:
    assert pid() == pid()
    assert not tried


def test_one_that_rested_is_tried_and_one_that_died_replaced(
    tried: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rested, "_RESTED_S", 0)
    before = pid()
    assert pid() == before
    assert len(tried) == 1
    end_all()
    assert pid() != before


def die_within() -> None:
    with transaction() as session:
        session.execute(_PID)
        end_all()
        session.execute(_PID)


def test_one_that_died_just_now_is_an_absence_and_replaced_after(tried: list[object]) -> None:
    before = pid()
    with pytest.raises(Unreachable):
        die_within()
    assert pid() != before
    assert not tried
