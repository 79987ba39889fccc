"""A test says by a marker what it needs beside this process."""

import pytest

from tests.helpers import kinds


def test_what_a_test_did_not_say_it_needs_is_refused() -> None:
    with pytest.raises(AssertionError, match="lacks the marker stack"):
        kinds.require("stack")


@pytest.mark.server
def test_what_it_said_is_granted() -> None:
    kinds.require("server")


def test_every_kind_is_a_marker_of_pytest(pytestconfig: pytest.Config) -> None:
    markers = {line.partition(":")[0].partition("(")[0] for line in pytestconfig.getini("markers")}
    assert set(kinds.KINDS) <= markers
