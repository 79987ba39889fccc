"""Reading a child's pipes: the same lines, however they arrive."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.pipes import Lines, Pipes, Whole
from tests.helpers.pace import scaled


class Pipe:
    """Both ends of a pipe; what reads is what `Pipes` is given."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        self.is_closed = False

    def fileno(self) -> int:
        return self._out

    def close(self) -> None:
        self.is_closed = True
        os.close(self._out)

    def write(self, data: bytes) -> None:
        os.write(self._in, data)

    def end(self) -> None:
        os.close(self._in)


@given(st.lists(st.text("ab\n", max_size=5000).map(str.encode), max_size=6))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks: list[bytes]) -> None:
    found: list[bytes] = []
    read = Lines(found.append)
    for chunk in filter(None, chunks):
        read(chunk)
    read(b"")
    assert b"".join(found) == b"".join(chunks)
    assert all(len(line) <= 2000 and b"\n" not in line[:-1] for line in found)
    whole = b"".join(chunks).split(b"\n")
    if all(len(line) < 2000 for line in whole):
        assert [line.rstrip(b"\n") for line in found] == whole[: len(found)]


def test_a_whole_is_bounded() -> None:
    read = Whole(5)
    for chunk in (b"abc", b"def", b"ghi", b""):
        read(chunk)
    assert read.content == b"abcde"


def test_two_pipes_are_read_as_they_come_and_closed_at_the_end() -> None:
    first, second = Pipe(), Pipe()
    one, two = Whole(100), Whole(100)
    with Pipes((first, one), (second, two)) as pipes:
        second.write(b"2")
        pipes.read(0)
        assert (one.content, two.content, pipes.are_open) == (b"", b"2", True)
        first.write(b"1")
        first.end()
        second.end()
        began = time.monotonic()
        pipes.read(60)
        assert time.monotonic() - began < scaled(5)  # not until the time is over
        assert (one.content, two.content, pipes.are_open) == (b"1", b"2", False)
    assert first.is_closed
    assert second.is_closed


def test_a_pipe_that_somebody_holds_open_is_read_until_it_is_idle() -> None:
    pipe = Pipe()
    found: list[bytes] = []
    pipe.write(b"last words")
    with Pipes((pipe, Lines(found.append))) as pipes:
        began = time.monotonic()
        pipes.read(60, until_idle=True)
        assert time.monotonic() - began < scaled(5)
        assert pipes.are_open
        assert found == []  # the line is not over
    assert found == [b"last words"]
    pipe.end()


@pytest.mark.parametrize("until_idle", [False, True])
def test_a_flood_does_not_keep_the_reader_beyond_its_time(until_idle: bool) -> None:
    zero = os.open("/dev/zero", os.O_RDONLY)

    class Flood:
        def fileno(self) -> int:
            return zero

        def close(self) -> None:
            os.close(zero)

    with Pipes((Flood(), Whole(10))) as pipes:
        began = time.monotonic()
        pipes.read(0.1, until_idle=until_idle)
        assert 0.1 <= time.monotonic() - began < scaled(5)
