"""One service for all e2e tests of a run, and media in its folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.media import Media
from tests.helpers.service import Service, processes_naming, running_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service. Afterwards no process of it is left."""
    data_dir = tmp_path_factory.mktemp("service") / "data"
    with running_service(data_dir) as running:
        yield running
    assert processes_naming(str(data_dir)) == []


@pytest.fixture(scope="session")
def clip(service: Service, media: Media) -> Path:
    """Four seconds, 30 fps, with sound, where the service may read it."""
    return Path(shutil.copy(media.clip(), service.media / "clip.mp4"))


@pytest.fixture(scope="session")
def long_clip(service: Service, media: Media) -> Path:
    """A clip that takes some seconds to encode."""
    made = media.clip("long.mp4", seconds=30, size="1280x720")
    return Path(shutil.copy(made, service.media / "long.mp4"))
