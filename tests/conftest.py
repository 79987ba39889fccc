"""Fixtures that every layer of tests shares, and how all tests run: pace, order, markers, report."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import settings
from app.engine import tools
from tests.helpers import kinds, pace
from tests.helpers.media import Media

_DEBIAN = os.environ.get("MEDIA_PIPELINE_TEST_FFMPEG")
if _DEBIAN:  # `make test-full` runs everything once more on the oldest FFmpeg that is supported
    os.environ["FFMPEG_BINARY"] = str(Path(_DEBIAN, "ffmpeg").absolute())
    os.environ["FFPROBE_BINARY"] = str(Path(_DEBIAN, "ffprobe").absolute())

_LONG_GROUPS = (
    "default",
    "near",
    "stepwise",
    "chaos",
    "equivalence",
    "s3",
    "deployment",
    "rolling",
    "contract",
)
"""Tests that are begun first, in this order: begun last, they would be waited for alone."""


def pytest_configure(config: pytest.Config) -> None:
    """Measure the machine's pace, unless who started this process has."""
    if not pace.is_shared() and not config.option.collectonly:
        pace.share(pace.measure(tools.find(settings.load(os.environ)).ffmpeg))


def pytest_report_header() -> str:
    return f"pace: {pace.factor():.2f} (waits and timeouts are multiplied by it)"


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Before other plugins: what they read of each test. After them: the order of all."""
    for item in items:
        _scale_timeout(item, float(config.getini("timeout")))
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    yield
    items.sort(key=_rank)  # stable: the order within a group, random or not, stays


def _scale_timeout(item: pytest.Item, default_s: float) -> None:
    marker = item.get_closest_marker("timeout")
    seconds = pace.scaled(marker.args[0] if marker else default_s)
    item.add_marker(pytest.mark.timeout(seconds), append=False)


def _group(item: pytest.Item) -> str | None:
    """Tests of a group run in one process, one after the other: they share what is costly to start."""
    if marker := item.get_closest_marker("xdist_group"):
        return str(marker.args[0])
    if marker := item.get_closest_marker("stack"):
        return str(marker.args[0]) if marker.args else None
    return item.path.stem if item.get_closest_marker("server") else None


def _rank(item: pytest.Item) -> int:
    group = _group(item)
    return _LONG_GROUPS.index(group) if group in _LONG_GROUPS else len(_LONG_GROUPS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    with kinds.running(item):
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Seconds and tests per marker; a test with several markers counts for each."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    reports = [r for found in terminalreporter.stats.values() for r in found]
    for report in reports:
        if not isinstance(report, pytest.TestReport):
            continue
        for kind in [one for one in kinds.KINDS if one in report.keywords] or ["none of these"]:
            seconds[kind] += report.duration
            tests[kind] += report.when == "call"
    if tests:
        terminalreporter.section("time per marker")
        for kind, spent in seconds.most_common():
            terminalreporter.write_line(f"{kind:14}{spent:8.1f} s {tests[kind]:6} tests")


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
