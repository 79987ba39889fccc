"""Writing begins early, whatever becomes of the files meanwhile."""

import os
import threading
from pathlib import Path

import pytest

from app.engine import writeback


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_the_thread_ends_with_what_it_goes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writeback, "_EVERY_S", 0.01)
    begun, seen = threading.Event(), list[int]()

    def begin(descriptor: int) -> None:
        seen.append(os.fstat(descriptor).st_size)
        begun.set()

    monkeypatch.setattr(writeback, "begin", begin)
    there = tmp_path / "there"
    with writeback.along([str(tmp_path / "not yet"), str(there)]) as go_on:
        assert "writeback" not in names()
        go_on()
        go_on()
        (tmp_path / "whole").write_bytes(b"1234")
        (tmp_path / "whole").rename(there)  # it is never seen empty
        assert begun.wait(5)
        (thread,) = (t for t in threading.enumerate() if t.name == "writeback")
    thread.join(5)
    assert "writeback" not in names()
    assert max(seen) == 4


def test_without_files_there_is_no_thread() -> None:
    with writeback.along([]) as go_on:
        go_on()
        assert "writeback" not in names()


def test_beginning_changes_nothing(tmp_path: Path) -> None:
    with open(tmp_path / "file", "w+b") as file:
        file.write(b"bytes")
        file.flush()
        writeback.begin(file.fileno())
        file.seek(0)
        assert file.read() == b"bytes"


def test_where_the_call_is_missing_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writeback, "_call", lambda: None)
    with open(tmp_path / "file", "wb") as file:
        writeback.begin(file.fileno())
