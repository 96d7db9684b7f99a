"""The filter program, judged by an interpreter of its own instructions, for both machines."""

from __future__ import annotations

import errno
import os
import struct

import pytest

from neurovoyance.node.runtime import seccomp

ALLOW = "allow"
PID = 4321


def judge(machine: seccomp.Machine, number: int, *arguments: int, arch: int | None = None) -> str:
    """Run the filter as the kernel would and return ``allow``, ``kill`` or the error's name."""
    data = struct.pack("=IIQ", number, arch or machine.audit_arch, 0)
    data += struct.pack("=6Q", *arguments, *[0] * (6 - len(arguments)))
    program = list(struct.iter_unpack("=HBBI", seccomp.build_filter(machine, PID)))
    assert len(program) <= 4096
    at, accumulator = 0, 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x06:
            kind = value & 0xFFFF0000
            names = {0x7FFF0000: ALLOW, 0x80000000: "kill"}
            return names.get(kind) or errno.errorcode[value & 0xFFFF]
        else:
            test = {0x15: accumulator == value, 0x35: accumulator >= value}
            taken = test[code] if code in test else bool(accumulator & value)
            at += if_true if taken else if_false


machines = pytest.mark.parametrize("machine", seccomp.MACHINES.values(), ids=seccomp.MACHINES)


def numbers(name: str, machine: seccomp.Machine) -> list[int]:
    number = {**seccomp.DENIED, **seccomp._JUDGED}[name][machine.column]
    return [] if number is None else [number]


@machines
def test_every_call_of_the_table_is_refused(machine: seccomp.Machine) -> None:
    for name in seccomp.DENIED:
        for number in numbers(name, machine):
            assert judge(machine, number) == "EPERM", name


@machines
def test_a_program_of_another_architecture_is_killed(machine: seccomp.Machine) -> None:
    assert judge(machine, 0, arch=0x40000003) == "kill"


@machines
def test_ordinary_calls_pass(machine: seccomp.Machine) -> None:
    ordinary = {0: (0, 1, 3, 9, 10, 12, 202, 231), 1: (63, 64, 57, 222, 226, 214, 98, 94)}
    for number in ordinary[machine.column]:  # read, write, close, mmap, mprotect, brk, futex, exit
        assert judge(machine, number) == ALLOW


@machines
def test_a_thread_may_start_and_a_process_may_not(machine: seccomp.Machine) -> None:
    (clone,) = numbers("clone", machine)
    (clone3,) = numbers("clone3", machine)
    assert judge(machine, clone, 0x00010000 | 0x100) == ALLOW
    assert judge(machine, clone, 17) == "EPERM"
    assert judge(machine, clone, 0x10000000) == "EPERM"
    assert judge(machine, clone3) == "ENOSYS"


@machines
@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (os.O_RDONLY, ALLOW),
        (os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY, ALLOW),
        (os.O_WRONLY, "EPERM"),
        (os.O_RDWR, "EPERM"),
        (os.O_RDONLY | os.O_CREAT, "EPERM"),
        (os.O_RDONLY | os.O_TRUNC, "EPERM"),
    ],
)
def test_files_open_for_reading_only(machine: seccomp.Machine, flags: int, expected: str) -> None:
    (openat,) = numbers("openat", machine)
    assert judge(machine, openat, 0, 0, flags) == expected
    for number in numbers("open", machine):
        assert judge(machine, number, 0, flags) == expected
    (openat2,) = numbers("openat2", machine)
    assert judge(machine, openat2) == "ENOSYS"


@machines
@pytest.mark.parametrize("name", ["kill", "tgkill"])
def test_only_its_own_process_may_be_signalled(machine: seccomp.Machine, name: str) -> None:
    (number,) = numbers(name, machine)
    assert judge(machine, number, PID) == ALLOW
    for other in (0, 1, PID + 1, 2**64 - 1):
        assert judge(machine, number, other) == "EPERM"


@machines
def test_limits_of_other_processes_stay_alone(machine: seccomp.Machine) -> None:
    (number,) = numbers("prlimit64", machine)
    assert [judge(machine, number, pid) for pid in (0, PID, PID + 1)] == [ALLOW, ALLOW, "EPERM"]


@machines
def test_other_processes_keep_their_processors(machine: seccomp.Machine) -> None:
    (number,) = numbers("sched_setaffinity", machine)
    assert [judge(machine, number, pid) for pid in (0, 1)] == [ALLOW, "EPERM"]


@machines
def test_no_pipe_can_be_made_to_signal_others(machine: seccomp.Machine) -> None:
    (number,) = numbers("fcntl", machine)
    found = {command: judge(machine, number, 1, command) for command in range(20)}
    assert {command for command, what in found.items() if what != ALLOW} == {8, 10, 15}


@machines
def test_numbers_beyond_the_table_do_not_exist(machine: seccomp.Machine) -> None:
    for number in (451, 452, 500, 0x40000000, 0x40000029, 0xFFFFFFFF):
        assert judge(machine, number) == "ENOSYS"


def test_the_numbers_are_those_of_this_machines_headers() -> None:
    libc = pytest.importorskip("ctypes").CDLL(None, use_errno=True)
    machine = seccomp.MACHINES.get(os.uname().machine)
    if machine is None:
        pytest.skip("no filter exists for this machine")
    # getpid cannot fail and is not in the table: whatever is, is another call.
    own = {0: 39, 1: 172}[machine.column]
    assert libc.syscall(own) == os.getpid()
    assert own not in [pair[machine.column] for pair in seccomp.DENIED.values()]


def test_no_two_calls_share_a_number() -> None:
    for column in (0, 1):
        table = {**seccomp.DENIED, **seccomp._JUDGED}
        found = [pair[column] for pair in table.values() if pair[column] is not None]
        assert len(found) == len(set(found))
