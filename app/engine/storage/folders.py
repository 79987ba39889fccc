"""Paths that are walked once: a link that somebody planted since they were checked is not followed.

Paths are as `os.path.realpath` gives them, so a link in one of them was not there when it was checked.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BufferedWriter

_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# a pipe without a writer would keep whoever opens it
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(folder: str, makes: bool = False) -> Iterator[int]:
    """The descriptor of a folder, which is made where it is not there and `makes` is set.

    Raises: OSError; ENOTDIR where something on the way is a link, or no folder.
    """
    at = os.open("/", _STEP)
    try:
        for name in filter(None, folder.split("/")):
            below = _step(name, at, makes)
            os.close(at)
            at = below
        yield at
    finally:
        os.close(at)


def _step(name: str, at: int, makes: bool) -> int:
    try:
        return os.open(name, _STEP, dir_fd=at)
    except FileNotFoundError:
        if not makes:
            raise
    try:
        os.mkdir(name, dir_fd=at)
    except FileExistsError:
        pass  # somebody else has made it
    return os.open(name, _STEP, dir_fd=at)


def reading(path: str) -> BufferedReader:
    """A file, opened to be read. Raises: OSError; ELOOP where it is a link, EINVAL where it is a pipe,
    a folder or the like."""
    folder, name = os.path.split(os.path.abspath(path))
    with opened(folder) as at:
        return reading_at(name, at)


def reading_at(name: str, at: int) -> BufferedReader:
    """The same, in a folder that is held."""
    found = os.open(name, _READ, dir_fd=at)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(errno.EINVAL, "Not a file", name)
    return os.fdopen(found, "rb")


def new_file(name: str, at: int) -> BufferedWriter:
    """A file that was not there, in a folder. Whatever has its name goes, unseen. Raises: OSError."""
    try:
        return os.fdopen(os.open(name, _NEW, 0o666, dir_fd=at), "wb")
    except FileExistsError:
        os.unlink(name, dir_fd=at)
        return os.fdopen(os.open(name, _NEW, 0o666, dir_fd=at), "wb")


def sync(at: int) -> None:
    """Put a folder's names on the disk: they, too, must survive a power cut. Raises: OSError."""
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=at)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
