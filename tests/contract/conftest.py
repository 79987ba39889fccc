"""Storage of every kind, for the same tests."""

from collections.abc import Iterator

import pytest

from tests.helpers.s3 import KEYS, S3Server, s3_server
from tests.helpers.web import WebServer, web_server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server("moto", tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def nanio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server("nanio", tmp_path_factory.mktemp("nanio")) as server:
        yield server


@pytest.fixture(scope="session")
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
