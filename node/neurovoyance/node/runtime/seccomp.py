"""A seccomp filter: the system calls that a confined child may no longer make.

Place: the last lock that ``confinement`` puts on a child, on every thread of it. A refused call
fails with EPERM, so that an engine which merely tries something optional goes on. The list names
what is refused; call numbers newer than the list do not exist for the child (ENOSYS). Works on
x86-64 and arm64. Source of the numbers: the kernel's ``unistd_64.h`` and ``asm-generic/unistd.h``.
Never: a call that widens what the child may do; the kernel offers none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from dataclasses import dataclass
from typing import Final

# fmt: off
DENIED: Final[dict[str, tuple[int | None, int | None]]] = {
    # network
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206),
    "sendmsg": (46, 211), "sendmmsg": (307, 269), "recvmmsg": (299, 243), "setsockopt": (54, 208),
    # other processes, other programs
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "unshare": (272, 97), "setns": (308, 268), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "tkill": (200, 130), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "kcmp": (312, 272), "setpriority": (141, 140),
    "sched_setattr": (314, 274), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "ioprio_set": (251, 30),
    # identity
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setgroups": (116, 159),
    "setfsuid": (122, 151), "setfsgid": (123, 152), "personality": (135, 92),
    # kernel surface; io_uring would go round this filter
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "syslog": (103, 116), "vhangup": (153, 58),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "sethostname": (170, 161), "setdomainname": (171, 162),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    # file system changes; writing needs a descriptor opened before
    "creat": (85, None), "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None),
    "renameat": (264, 38), "renameat2": (316, 276), "link": (86, None), "linkat": (265, 37),
    "symlink": (88, None), "symlinkat": (266, 36), "mkdir": (83, None), "mkdirat": (258, 34),
    "rmdir": (84, None), "mknod": (133, None), "mknodat": (259, 33), "truncate": (76, 45),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None),
    "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264), "fanotify_init": (300, 262),
    # memory that no limit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180),
}
"""Refused whatever the arguments: number on x86-64, number on arm64."""
# fmt: on

_JUDGED: Final[dict[str, tuple[int | None, int | None]]] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "fcntl": (72, 25),
}
"""Refused depending on the arguments."""

_FIRST_UNKNOWN_CALL: Final = 451
_X32_BIT: Final = 0x40000000
_CLONE_THREAD: Final = 0x00010000
_SIGNAL_OTHERS: Final = (8, 10, 15)
"""``fcntl`` commands F_SETOWN, F_SETSIG, F_SETOWN_EX: signals from a pipe, to any process."""
_OPEN_FOR_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# Classic BPF, <linux/filter.h> and <linux/seccomp.h>.
_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NR_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_SECCOMP_SET_MODE_FILTER, _FLAG_ALL_THREADS = 1, 1


@dataclass(frozen=True, slots=True)
class Machine:
    """One processor architecture: its audit number, table column, number of ``seccomp(2)``."""

    audit_arch: int
    column: int
    seccomp_call: int


MACHINES: Final = {
    "x86_64": Machine(0xC000003E, 0, 317),
    "aarch64": Machine(0xC00000B7, 1, 277),
}


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _fail(number: int) -> bytes:
    return _op(_RET, _ERRNO | number)


def _when(call: int | None, *then: bytes) -> list[bytes]:
    """Return ``then`` guarded by "the call is this one"; nothing where the call does not exist."""
    if call is None:
        return []
    return [_op(_JEQ, call, 0, len(then)), *then]


def _argument(index: int) -> bytes:
    """Load the low half of an argument; both machines are little-endian."""
    return _op(_LOAD, _ARGS_AT + 8 * index)


def build_filter(machine: Machine, pid: int) -> bytes:
    """Return the BPF program for a process whose id, as it sees it, is ``pid``."""

    def number(name: str) -> int | None:
        return _JUDGED[name][machine.column]

    allow, refuse = _op(_RET, _ALLOW), _fail(errno.EPERM)
    own = [_argument(0), _op(_JEQ, pid, 1, 0), refuse, allow]
    reading = [_op(_JSET, _OPEN_FOR_WRITING, 0, 1), refuse, allow]
    program = [
        _op(_LOAD, _ARCH_AT),
        _op(_JEQ, machine.audit_arch, 1, 0),
        _op(_RET, _KILL),
        _op(_LOAD, _NR_AT),
        # The x32 calls of x86-64 carry this bit and lie above every known number.
        _op(_JGE, _FIRST_UNKNOWN_CALL, 0, 1),
        _fail(errno.ENOSYS),
        *_when(number("clone"), _argument(0), _op(_JSET, _CLONE_THREAD, 1, 0), refuse, allow),
        # The flags of these two lie behind a pointer; without them libc uses clone and openat.
        *_when(number("clone3"), _fail(errno.ENOSYS)),
        *_when(number("openat2"), _fail(errno.ENOSYS)),
        *_when(number("open"), _argument(1), *reading),
        *_when(number("openat"), _argument(2), *reading),
        *_when(number("kill"), *own),
        *_when(number("tgkill"), *own),
        *_when(number("prlimit64"), _argument(0), _op(_JEQ, 0, 2, 0), *own[1:]),
        *_when(number("sched_setaffinity"), _argument(0), _op(_JEQ, 0, 1, 0), *own[2:]),
        *_when(
            number("fcntl"),
            _argument(1),
            *(part for command in _SIGNAL_OTHERS for part in (_op(_JEQ, command, 0, 1), refuse)),
            allow,
        ),
    ]
    for numbers in DENIED.values():
        program += _when(numbers[machine.column], refuse)
    program.append(allow)
    return b"".join(program)


def install_filter() -> None:
    """Filter every thread of this process, for good; ``no_new_privs`` must be set already.

    Raises:
        OSError: the kernel refused, or the machine is neither x86-64 nor arm64.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no filter exists for {platform.machine()}")
    code = build_filter(machine, os.getpid())
    program = _FilterProgram(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(
        ctypes.c_long(machine.seccomp_call),
        ctypes.c_uint(_SECCOMP_SET_MODE_FILTER),
        ctypes.c_uint(_FLAG_ALL_THREADS),
        ctypes.byref(program),
    )
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number) if number else "a thread could not be filtered")
