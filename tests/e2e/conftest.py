"""Services that tests share, one configuration at a time, and media in their folders."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.engine.tools import Tools
from tests.helpers import scripts
from tests.helpers.media import Media
from tests.helpers.pace import scaled
from tests.helpers.service import (
    VISIBILITY_TIMEOUT_S,
    Service,
    processes_naming,
    running_service,
)


@dataclass(kw_only=True)
class Stacks:
    """The service that runs now. A test that needs another configuration ends it: an idle service
    costs a tenth of a core. Tests of one configuration run one after the other."""

    folder: Path
    name: str = ""
    count: int = 0
    _running: Service | None = field(default=None, init=False)
    _stack: ExitStack = field(default_factory=ExitStack, init=False)

    def get(self, name: str, *options: str, **env: str) -> Service:
        """The service of this name, started where it does not run or has ended."""
        if self._running is None or self.name != name or self._running.process.poll() is not None:
            self.close()
            self.count += 1
            self.name, data_dir = name, self.folder / f"{name}-{self.count}" / "data"
            data_dir.parent.mkdir()
            self._stack.callback(self._check_nothing_left, data_dir)
            self._running = self._stack.enter_context(running_service(data_dir, *options, **env))
        return self._running

    @staticmethod
    def _check_nothing_left(data_dir: Path) -> None:
        assert processes_naming(str(data_dir)) == []

    def close(self) -> None:
        self._running = None
        self._stack.close()


_STACKS = pytest.StashKey[Stacks]()


@pytest.fixture(scope="session")
def stacks(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Stacks]:
    made = Stacks(folder=tmp_path_factory.mktemp("stacks"))
    pytestconfig.stash[_STACKS] = made
    yield made
    made.close()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A service ends with the last test that names it, not with the process."""
    mine, next_one = (one and one.get_closest_marker("stack") for one in (item, nextitem))
    if mine and (not next_one or mine.args != next_one.args) and _STACKS in item.config.stash:
        item.config.stash[_STACKS].close()


@pytest.fixture
def service(stacks: Stacks) -> Service:
    """The whole service as `up` starts it."""
    return stacks.get("default")


@pytest.fixture(scope="session")
def without_x265(binaries: Tools) -> str:
    """An FFmpeg that lacks an encoder."""
    return scripts.lacking("libx265", scripts.paced(binaries.ffmpeg))


@pytest.fixture
def near(stacks: Stacks, binaries: Tools, without_x265: str) -> Service:
    """A service that may call and fetch from this machine, is soon out of patience, and lacks an encoder."""
    return stacks.get(
        "near", ALLOW_PRIVATE_NETWORKS="true", STALL_TIMEOUT_S=f"{scaled(2):g}", BREAKER_S="1",
        FFMPEG_BINARY=without_x265, FFPROBE_BINARY=binaries.ffprobe,
    )  # fmt: skip


@pytest.fixture
def stepwise(stacks: Stacks) -> Service:
    """A service whose plans run every operation as a step of its own, on two workers, and whose broker
    delivers again what is not acknowledged soon."""
    return stacks.get(
        "stepwise", "--workers", "2", PLAN_OPTIMIZE="false", RETRY_MAX_S=f"{scaled(1):g}",
        VISIBILITY_TIMEOUT_S=f"{scaled(VISIBILITY_TIMEOUT_S):g}",
    )  # fmt: skip


@pytest.fixture
def clip(service: Service, media: Media) -> Path:
    """Four seconds, 30 fps, with sound, where the service may read it."""
    return service.place(media.clip())


@pytest.fixture
def long_clip(service: Service, media: Media) -> Path:
    """Ten seconds: a clip whose encodes take some seconds."""
    return service.place(media.clip("long.mp4", seconds=10))
