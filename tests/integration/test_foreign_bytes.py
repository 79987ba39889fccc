"""Bytes of strangers are read in children with bounds: none takes a process of ours with it."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.engine import captions_apart, ffprobe, probe
from app.engine.outcome import Stop
from app.engine.progress import Progress
from app.engine.tools import Tools
from app.errors import Failure
from operators.problem import Code
from tests.helpers import bombs
from tests.helpers.media import Media
from tests.helpers.pace import scaled

SHOWN: dict[str, Any] = {"width": 320, "height": 180, "style": {}, "encoding": None}


REFUSALS = (Code.RESOURCE_LIMIT_EXCEEDED, Code.INPUT_CORRUPTED)
"""Neither is tried again."""


def refusal(act: Callable[[], object]) -> Failure | None:
    try:
        act()
    except Failure as failure:
        return failure
    return None


def never(_: Progress) -> Stop | None:
    return None


@pytest.mark.parametrize("samples", [50_000_000, 100_000_000, 178_000_000])
def test_an_index_of_gigabytes_takes_no_gigabytes(
    tmp_path: Path, binaries: Tools, samples: int
) -> None:
    path = tmp_path / "bomb.mp4"
    path.write_bytes(bombs.mp4_index(samples))
    assert path.stat().st_size < 1500
    peak = 0

    def look(_: int) -> None:
        nonlocal peak
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                # until it becomes ffprobe, a child has the memory of this process
                if child.name().startswith("ffprobe"):
                    peak = max(peak, child.memory_info().rss)

    with ffprobe.attended(look):
        # without the index, where ffprobe does without it
        refused = refusal(lambda: probe.probe(str(path), binaries))
    assert refused is None or refused.code in REFUSALS
    assert peak < 1 << 30


def test_an_index_that_fits_is_read(tmp_path: Path, binaries: Tools) -> None:
    path = tmp_path / "small.mp4"
    path.write_bytes(bombs.mp4_index(100_000))
    assert probe.probe(str(path), binaries).video[0].width == 64


@pytest.mark.parametrize("name", sorted(bombs.TEXTS))
def test_long_texts_of_captions_are_rewritten_or_refused_in_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / "long.srt"
    path.write_bytes(bombs.srt(bombs.TEXTS[name]))
    begun = time.monotonic()
    refused = refusal(lambda: captions_apart.rewrite(str(path), SHOWN, never))
    assert refused is None or refused.code in REFUSALS
    assert time.monotonic() - begun < scaled(20)


def test_captions_say_why_they_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "none.srt"
    path.write_text("no subtitles at all")
    with pytest.raises(Failure, match="neither SRT") as refused:
        captions_apart.rewrite(str(path), SHOWN, never)
    assert refused.value.code is Code.INPUT_CORRUPTED


def test_reading_captions_ends_when_it_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "one.srt"
    path.write_bytes(bombs.srt("{" * 8_000_000))
    with pytest.raises(Failure):
        captions_apart.rewrite(str(path), SHOWN, lambda _: Stop.CANCELLED)


def test_what_reads_captions_sees_no_other_file(tmp_path: Path, monkeypatch: Any) -> None:
    """The link is planted after the walls are chosen: they are of files, not of names."""
    if not os.path.exists("/proc/self/ns/net"):
        pytest.skip("no Linux")
    seen = tmp_path / "seen.srt"
    seen.write_bytes(bombs.srt("hello"))
    other = tmp_path / "other.srt"
    other.write_bytes(bombs.srt("secret"))
    code = captions_apart._BEGIN.replace("main()", f"sys.argv[2] = {str(other)!r}; main()")
    monkeypatch.setattr(captions_apart, "_BEGIN", code)
    with pytest.raises(RuntimeError, match="Permission denied"):
        captions_apart.rewrite(str(seen), SHOWN, never)


def test_a_look_at_a_file_ends_with_what_its_attendant_raises(media: Media) -> None:
    class NotWanted(Exception):
        pass

    def attendant(_: int) -> None:
        raise NotWanted

    with pytest.raises(NotWanted), ffprobe.attended(attendant):
        probe.probe(str(media.clip()), media.binaries)
