"""`file://`: read in place, written whole or not at all, never outside the roots."""

import errno
import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.engine import writeback
from app.engine.storage import folders
from app.engine.storage.port import Published
from app.errors import Failure
from operators.problem import Code
from planner.uri import is_inside, parse_uri

Note = Callable[[str], None]
Tick = Callable[[int], object]
_BLOCK_BYTES = 8 << 20
_NAME_BYTES = 255
_SUMMED_BYTES = 4 << 20
"""The checksum of a small file takes less than to ask somebody for it."""
_WRITE_CODES = {
    errno.ENOSPC: Code.INSUFFICIENT_DISK_SPACE,
    errno.EDQUOT: Code.INSUFFICIENT_DISK_SPACE,
    errno.EACCES: Code.OUTPUT_ACCESS_DENIED,
    errno.EPERM: Code.OUTPUT_ACCESS_DENIED,
    errno.EROFS: Code.OUTPUT_ACCESS_DENIED,
    errno.EISDIR: Code.INVALID_OUTPUT,
    errno.ENOTDIR: Code.INVALID_OUTPUT,
    errno.ENAMETOOLONG: Code.INVALID_OUTPUT,
    errno.ELOOP: Code.INVALID_OUTPUT,
}


def locate_source(uri: str, roots: Sequence[str]) -> str:
    """The absolute path of a source, links resolved. Raises: Failure."""
    wanted = parse_uri(uri).path
    path = os.path.realpath(wanted)
    _check_inside(path, wanted, roots)
    if not os.path.exists(path):
        raise Failure(code=Code.INPUT_NOT_FOUND, message=f"There is no file {wanted}.")
    if not os.path.isfile(path):
        raise Failure(code=Code.INVALID_INPUT, message=f"{wanted} is not a file.")
    if not os.access(path, os.R_OK):
        raise Failure(code=Code.INPUT_ACCESS_DENIED, message=f"{wanted} may not be read.")
    return path


def _check_inside(path: str, shown: str, roots: Sequence[str]) -> None:
    if not any(is_inside(path, root) for root in roots):
        raise Failure(
            code=Code.INPUT_OUTSIDE_ROOTS,
            message=f"{shown} leads outside the folders that this server may use.",
        )


def place_of(path: str) -> str:
    """Where a file of this name is, links to its folder followed, and no link of its own."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def names_of(path: str) -> frozenset[str]:
    """All places that are passed on the way to a file: its own, and each link that leads there."""
    found: set[str] = set()
    place = place_of(path)
    while place not in found:
        found.add(place)
        if os.path.islink(place):
            place = place_of(os.path.join(os.path.dirname(place), os.readlink(place)))
    return frozenset(found)


def version_of(path: str) -> str:
    """What changes when somebody writes a file: its size and when that was, the same on all machines."""
    with folders.reading(path) as file:  # network disks look anew at a file that is opened
        return _version(os.fstat(file.fileno()))


def _version(found: os.stat_result) -> str:
    return f"{found.st_size}-{found.st_mtime_ns // 1000}"


def obstacle(path: str) -> str | None:
    """Why no file can appear at a path, however often it is tried; None where one may."""
    folder, name = os.path.split(path)
    for part in path.split("/"):
        if len(part.encode()) > _NAME_BYTES:
            return f"a name in it has {len(part.encode())} bytes; file systems take {_NAME_BYTES}"
    if os.path.isdir(path):
        return f"{path} is a folder"
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        return f"{folder} is not a folder, so {name} cannot be in it"
    return None


@dataclass(kw_only=True)
class LocalPublication:
    """A destination on its way: `part` is beside `path`, so that a rename makes it appear."""

    path: str
    part: str
    _md5: str | None = None
    _size: int = 0
    _version: str = ""

    @property
    def marks(self) -> list[str]:
        return [self.part]

    def stage(self, work_file: str, note: Note, tick: Tick) -> None:
        """Bring a finished work file beside its destination, on disk for good. Moves where it can,
        else copies; `tick` is called in between and may raise. Raises: Failure."""
        note(self.part)
        folder, name = os.path.split(self.part)
        try:
            with folders.opened(folder, makes=True) as at:
                _place(work_file, name, at, tick)
                with folders.reading_at(name, at) as part:
                    os.fsync(part.fileno())
                    found = os.fstat(part.fileno())
                    self._size, self._version = found.st_size, _version(found)
                    if self._size <= _SUMMED_BYTES:
                        self._md5 = hashlib.file_digest(part, "md5").hexdigest()
        except OSError as error:
            self.discard()
            raise write_failure(error, self.path) from error

    def reveal(self) -> Published:
        """Make a staged file appear under its name, replacing what was there. Raises: Failure."""
        folder, name = os.path.split(self.path)
        try:
            with folders.opened(folder) as at:
                os.replace(os.path.basename(self.part), name, src_dir_fd=at, dst_dir_fd=at)
                folders.sync(at)
            return Published(
                size_bytes=self._size, md5=self._md5, version=None if self._md5 else self._version
            )
        except OSError as error:
            raise write_failure(error, self.path) from error

    def discard(self) -> None:
        discard(self.part)


def plan_publication(uri: str, attempt: str, roots: Sequence[str]) -> LocalPublication:
    """Where an output will appear. `attempt` is unique among all attempts of all jobs, so that two
    jobs with one destination do not share a part. Raises: Failure."""
    wanted = parse_uri(uri).path
    path = place_of(wanted)
    _check_inside(path, wanted, roots)
    folder, name = os.path.split(path)
    # a file name has at most 255 bytes
    short = name.encode()[:160].decode(errors="ignore")
    return LocalPublication(path=path, part=os.path.join(folder, f".{short}.{attempt}.part"))


def _place(work_file: str, name: str, at: int, tick: Tick) -> None:
    try:
        os.rename(work_file, name, dst_dir_fd=at)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with open(work_file, "rb") as source, folders.new_file(name, at) as target:
            while block := source.read(_BLOCK_BYTES):
                target.write(block)
                target.flush()
                writeback.begin(target.fileno())
                tick(target.tell())


def md5(path: str) -> str:
    """The checksum of a file, hex."""
    with folders.reading(path) as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def discard(path: str) -> None:
    """Remove a file that may be gone already."""
    folder, name = os.path.split(os.path.abspath(path))
    with suppress(FileNotFoundError, NotADirectoryError), folders.opened(folder) as at:
        os.unlink(name, dir_fd=at)


def write_failure(error: OSError, path: str) -> Failure:
    code = _WRITE_CODES.get(error.errno or 0, Code.OUTPUT_WRITE_FAILED)
    return Failure(
        code=code, message=f"{path} could not be written: {os.strerror(error.errno or 0)}."
    )
