"""Seccomp: system calls that no FFmpeg needs are refused to a thread and what it starts (Linux, seccomp(2)).

No sockets of any family (Landlock bounds TCP alone, and a unix socket of ours is a file of our user), no
change of modes, owners and attributes, nothing that looks into other processes or into the kernel.
"""

import ctypes
import errno
import os
import platform
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache

_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_LOAD, _IS, _IS_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_AT_NUMBER, _AT_ARCH = 0, 4
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_X32 = 0x40000000
"""From here on: the same calls once more, on x86."""

_NUMBERS: Mapping[str, Mapping[str, int]] = {
    "x86_64": {
        "socket": 41, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94, "ptrace": 101,
        "pivot_root": 155, "mount": 165, "umount2": 166, "init_module": 175, "delete_module": 176,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
        "fremovexattr": 199, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
        "fchownat": 260, "fchmodat": 268, "perf_event_open": 298, "open_by_handle_at": 304,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "bpf": 321,
        "userfaultfd": 323, "io_uring_setup": 425, "pidfd_getfd": 438, "fchmodat2": 452,
    },
    "aarch64": {
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
        "umount2": 39, "mount": 40, "pivot_root": 41, "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55,
        "kexec_load": 104, "init_module": 105, "delete_module": 106, "ptrace": 117, "socket": 198,
        "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241, "open_by_handle_at": 265,
        "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
        "userfaultfd": 282, "io_uring_setup": 425, "pidfd_getfd": 438, "fchmodat2": 452,
    },
}  # fmt: skip
_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


@cache
def works() -> bool:
    """Whether this machine's system calls are known here, and the kernel filters them: found out in a
    thread that ends with its filter."""
    found: list[bool] = []

    def attempt() -> None:
        with suppress(OSError):
            restrict_thread()
            found.append(True)

    if platform.machine() not in _ARCHES:
        return False
    thread = threading.Thread(target=attempt, name="seccomp")
    thread.start()
    thread.join()
    return bool(found)


def restrict_thread() -> None:
    """Refuse the calls above to this thread and all that it starts, for ever. Raises: OSError."""
    code = b"".join(_instructions(platform.machine()))
    program = _Program(length=len(code) // 8, filter=code)
    libc = ctypes.CDLL(None, use_errno=True)
    for words in (
        (_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*words) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _instructions(machine: str) -> Iterator[bytes]:
    """Classic BPF: a jump says how many instructions are left out where its test holds, and where not."""
    refused = sorted(_NUMBERS[machine].values())
    yield _one(_LOAD, _AT_ARCH)
    yield _one(_IS, _ARCHES[machine], no=len(refused) + 3)
    yield _one(_LOAD, _AT_NUMBER)
    yield _one(_IS_LEAST, _X32, yes=len(refused) + 1)
    for place, number in enumerate(refused):
        yield _one(_IS, number, yes=len(refused) - place)
    yield _one(_RETURN, _ALLOW)
    yield _one(_RETURN, _REFUSE)


def _one(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, value)
