"""Fixtures that every layer of tests shares: real media, and FFmpeg to measure with."""

import os
from pathlib import Path

import pytest

from app import settings
from app.engine import tools
from tests.helpers.media import Media

_DEBIAN = os.environ.get("MEDIA_PIPELINE_TEST_FFMPEG")
if _DEBIAN:  # `make test-full` runs everything once more on the oldest FFmpeg that is supported
    os.environ["FFMPEG_BINARY"] = str(Path(_DEBIAN, "ffmpeg").absolute())
    os.environ["FFPROBE_BINARY"] = str(Path(_DEBIAN, "ffprobe").absolute())


@pytest.fixture(scope="session")
def binaries() -> tools.Tools:
    """FFmpeg and ffprobe as the service would find them."""
    return tools.find(settings.load(os.environ))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real media, named by MEDIA_CORPUS."""
    folder = os.environ.get("MEDIA_CORPUS")
    if not folder:
        pytest.skip("MEDIA_CORPUS is not set")
    return Path(folder).absolute()


@pytest.fixture(scope="session")
def media(binaries: tools.Tools, tmp_path_factory: pytest.TempPathFactory) -> Media:
    """Clips that are rendered once, and measurements of files."""
    return Media(binaries=binaries, folder=tmp_path_factory.mktemp("media"))
