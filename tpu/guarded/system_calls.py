"""A seccomp filter: the system calls that a process may still make once it has everything that it needs.

The filter is a program for the kernel's packet filter, one 8-byte instruction after the other. A call that is not
listed fails with EPERM.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; the numbers are those of arch/x86/entry/syscalls and of
include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
        "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25,
        "madvise": 28, "nanosleep": 35, "getpid": 39, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47,
        "exit": 60, "uname": 63, "gettimeofday": 96, "getrusage": 98, "sysinfo": 99, "gettid": 186, "futex": 202,
        "sched_getaffinity": 204, "clock_gettime": 228, "clock_nanosleep": 230, "exit_group": 231, "ppoll": 271,
        "getrandom": 318,
    },
    "aarch64": {
        "lseek": 62, "read": 63, "write": 64, "close": 57, "ppoll": 73, "fstat": 80, "exit": 93, "exit_group": 94,
        "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_nanosleep": 115, "sched_getaffinity": 123,
        "sched_yield": 124, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "uname": 160,
        "getrusage": 165, "gettimeofday": 169, "getpid": 172, "gettid": 178, "sysinfo": 179, "sendto": 206,
        "recvfrom": 207, "sendmsg": 211, "recvmsg": 212, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
        "mprotect": 226, "madvise": 233, "getrandom": 278,
    },
}  # fmt: skip
"""Memory, time, the connections that are open, and the end of the process: what computing needs."""

FCNTL = {"x86_64": 72, "aarch64": 25}  # allowed only to duplicate a descriptor, as Python's mmap does
F_DUPFD_CLOEXEC = 1030

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
OFFSET_OF_NUMBER, OFFSET_OF_ARCH, OFFSET_OF_SECOND_ARGUMENT = 0, 4, 24  # in struct seccomp_data, little endian
KILL, REFUSE, ALLOW = 0x80000000, 0x00050000 | errno.EPERM, 0x7FFF0000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    """The kernel's struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def allow_only_computing() -> bool:
    """Forbid this process every other system call, for good; return whether this machine supports that."""
    machine = platform.machine()
    if machine not in NUMBERS or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    instructions = filter_program(machine)
    program = _Program(len(instructions) // 8, instructions)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def filter_program(machine: str) -> bytes:
    """Return the instructions of the filter for "x86_64" or "aarch64"."""
    numbers = sorted(NUMBERS[machine].values())
    program = [
        _instruction(LOAD, 0, 0, OFFSET_OF_ARCH),
        _instruction(JUMP_IF_EQUAL, 1, 0, AUDIT_ARCH[machine]),
        _instruction(RETURN, 0, 0, KILL),
        _instruction(LOAD, 0, 0, OFFSET_OF_NUMBER),
    ]
    rest = 5  # instructions between these comparisons and the one that allows
    for place, number in enumerate(numbers):
        program.append(_instruction(JUMP_IF_EQUAL, len(numbers) - 1 - place + rest - 1, 0, number))
    program += [
        _instruction(JUMP_IF_EQUAL, 0, 2, FCNTL[machine]),
        _instruction(LOAD, 0, 0, OFFSET_OF_SECOND_ARGUMENT),
        _instruction(JUMP_IF_EQUAL, 1, 0, F_DUPFD_CLOEXEC),
        _instruction(RETURN, 0, 0, REFUSE),
        _instruction(RETURN, 0, 0, ALLOW),
    ]
    return b"".join(program)


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
