"""Landlock: leave a confined child only the files that its execution needs, to read.

Place: one of the locks of ``confinement``; unprivileged, Linux 5.13 or later. Where the kernel
lacks it, a child can read what its user can read (and, without a network, tell only through the
output). Source: ``linux/landlock.h``. Never: grant a write; the output descriptor is open before.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# The numbers are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_ALL_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_BIND_CONNECT: Final = 3
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 3


def version() -> int:
    """Return the Landlock version of the kernel; 0 if it has none or has it switched off."""
    found: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    return max(found, 0)


def restrict_to(readable: Iterable[Path]) -> None:
    """Let this process read below ``readable`` and do nothing else with files, for good.

    Paths that do not exist are passed over. ``no_new_privs`` must be set already.

    Raises:
        OSError: the kernel has no Landlock or refused.
    """
    available = version()
    if available == 0:
        raise OSError(errno.ENOSYS, "the kernel has no Landlock")
    rights = _ALL_FILE_RIGHTS[max(known for known in _ALL_FILE_RIGHTS if known <= available)]
    attributes = struct.pack("=QQQ", rights, _TCP_BIND_CONNECT, _ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 24 if available >= 6 else 16 if available >= 4 else 8
    ruleset = _call(_CREATE_RULESET, attributes[:size], ctypes.c_size_t(size), 0)
    try:
        for path in readable:
            _allow_reading(ruleset, path)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow_reading(ruleset: int, path: Path) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_directory = stat.S_ISDIR(os.fstat(target).st_mode)
        granted = _READ_FILE | (_READ_DIR if is_directory else 0)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", granted, target), 0)
    finally:
        os.close(target)


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _call(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
