"""Real servers for these tests."""

from collections.abc import Iterator

import pytest

from tests.helpers.servers import own_servers
from tests.helpers.service import fast


@pytest.fixture(scope="package")
def database() -> Iterator[str]:
    """A migrated database, and a broker, that this process's settings point at."""
    with own_servers(**fast()) as url:
        yield url
