"""Landlock: the kernel lets a thread, and what it starts, reach only the files that it names (Linux ≥ 5.13).

Three system calls through ctypes: the packages that wrap them fail on rules for single files.
"""

import ctypes
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from functools import cache

from app.engine.storage import folders

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_NO_NEW_PRIVS = 38
_PATH_BENEATH = 1
_VERSION = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
READ = _READ_FILE | _READ_DIR
RUN = READ | _EXECUTE
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL = (1 << 16) - 1
WRITE = _ALL & ~_EXECUTE
_PATH = os.O_PATH | os.O_CLOEXEC
_TCP = 0b11  # bind and connect: none is allowed


_SCOPES = 0b11
"""Abstract unix sockets, and signals: none leaves what was started."""
_SIZES = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("net", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@cache
def version() -> int:
    """The kernel's version of Landlock; 0 where it has none."""
    found = int(_libc().syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION))
    return max(0, found)


def restrict_thread(allowed: Mapping[str, int], held: Collection[str] = ()) -> None:
    """Bind this thread, and all that it starts, to paths with their rights, for ever. A path that is
    not there is left out; so is one among `held` that a link has come into. Raises: OSError."""
    handled = _BY_VERSION.get(version(), _ALL)
    rules = _Ruleset(files=handled, net=_TCP, scopes=_SCOPES)
    # an older kernel is given the part that it knows
    size = _SIZES.get(version(), ctypes.sizeof(rules))
    ruleset = _checked(_libc().syscall(_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), 0))
    try:
        for path, rights in allowed.items():
            _allow(ruleset, path, rights & handled, path not in held)
        _checked(_libc().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc().syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int, follows: bool) -> None:
    try:
        opened = os.open(path, _PATH) if follows else _walked(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(opened).st_mode)
        rule = _Beneath(allowed=rights if is_folder else rights & _OF_FILES, folder=opened)
        _checked(_libc().syscall(_ADD, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(opened)


def _walked(path: str) -> int:
    folder, name = os.path.split(path)
    with folders.opened(folder) as at:
        return os.open(name, _PATH | os.O_NOFOLLOW, dir_fd=at)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def merged(*kinds: tuple[Iterable[str], int]) -> dict[str, int]:
    """Paths with all the rights that any of the kinds gives them."""
    found: dict[str, int] = {}
    for paths, rights in kinds:
        for path in paths:
            found[path] = found.get(path, 0) | rights
    return found
