"""What a test needs beside this process, said by a marker: a browser, servers, the whole service.

What starts one of them asks here first, so that no test can forget to say so.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

KINDS = {
    "browser": "looks at pages in Chromium",
    "server": "needs servers beside this process: databases, storage",
    "stack": "needs the whole service; its argument names one that tests share",
}
_running: list[pytest.Item] = []


@contextmanager
def running(item: pytest.Item) -> Iterator[None]:
    _running.append(item)
    try:
        yield
    finally:
        _running.pop()


def require(kind: str) -> None:
    """Raises: AssertionError where the test that runs has not said that it needs this."""
    for item in _running:  # none where tools use the helpers without pytest
        assert item.get_closest_marker(kind), f"{item.nodeid} lacks the marker {kind}"
