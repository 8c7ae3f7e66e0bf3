"""Take from this process what a computation does not need: namespaces, files, network, memory, system calls.

A child calls `enter_namespaces` first, then imports what it needs, then calls `lock_down`, and only then reads a byte
of unknown origin. Where the system forbids a step, the others still hold; the result says which were possible.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tpu.guarded.system_calls import allow_only_computing

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 0x4000, 0x40000
MNT_DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "armv7l": 218, "i686": 217}  # glibc has no function for it
PR_SET_PDEATHSIG = 1
OTHERS = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET
NAMESPACES = ("user", "mount", "pid", "network")
SYSTEM_CALLS = "system calls"
OUT_OF_TIME = 24  # exit code of a process that used up its processor time; the number of SIGXCPU
FROM_SIGNAL = 128  # the exit code of a process whose child was ended by a signal is this plus the signal

PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "QEMU_CPU")
"""Variables that a guarded process keeps. The last one names the processor that an emulator plays: with another one the
child would compute otherwise than its parent."""


def guarded_environment() -> dict[str, str]:
    """Return the environment of a guarded process: no secrets, and one thread, so that its memory is predictable."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def enter_namespaces(announce: Callable[[int], object]) -> tuple[str, ...]:
    """Go on in a new process with namespaces of its own, if the system allows it. Call it before any thread starts.

    The calling process waits for the new one and ends with its exit code.

    Args:
        announce: Receives the number of the new process, before this function returns in it.

    Returns:
        The kinds of namespaces that are new, a part of NAMESPACES.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | OTHERS) == 0:
        new: tuple[str, ...] = NAMESPACES
    elif os.geteuid() == 0 and libc.unshare(OTHERS) == 0:
        new = NAMESPACES[1:]
    else:
        return ()
    announced, announcing = os.pipe()
    child = os.fork()  # the first process of a new pid namespace
    if child:
        announce(child)
        os.closerange(0, 256)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(code if code >= 0 else FROM_SIGNAL - code)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.close(announcing)
    os.read(announced, 1)  # ends when the other process has closed everything
    os.close(announced)
    return new


def lock_down(namespaces: tuple[str, ...], memory_bytes: int, written_bytes: int) -> tuple[str, ...]:
    """Take away the file system, the limits and the system calls, for good.

    Args:
        namespaces: What `enter_namespaces` returned.
        memory_bytes: The address space that the process may take, with what it has now (`address_space_bytes`).
        written_bytes: The longest file that it may write, into a file that is open already.

    Returns:
        What holds now: `namespaces` without "mount" if that failed, and SYSTEM_CALLS if the filter is active.
    """
    libc = ctypes.CDLL(None)
    libc.signal(signal.SIGXCPU, libc._exit)  # the first process of a pid namespace ignores signals without a handler
    _limit(memory_bytes, written_bytes)
    holds = [name for name in namespaces if name != "mount" or _empty_root()]
    if allow_only_computing():
        holds.append(SYSTEM_CALLS)
    return tuple(holds)


def limit_processor_time(pid: int, more_s: int) -> None:
    """Let a process use so many more seconds of processor time from now; it then ends with OUT_OF_TIME.

    Called by its parent again and again, so that a child without an order cannot go on computing either. With
    number 0, which the system takes for this process, nothing happens.
    """
    if pid <= 0:
        return
    with suppress(OSError, ValueError):
        used_s = processor_s(pid)
        resource.prlimit(pid, resource.RLIMIT_CPU, (int(used_s) + 1 + more_s, resource.RLIM_INFINITY))


def processor_s(pid: int) -> float:
    """Return the processor time that a process of this user has used, in seconds; 0 if it has ended.

    Source: the kernel's CPUCLOCK_SCHED clock of a process, as clock_getcpuclockid(3) computes its number.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def address_space_bytes() -> int:
    """Return the address space that this process has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _limit(memory_bytes: int, written_bytes: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, written_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
    with suppress(OSError):  # if the computer runs out of memory, this process is killed first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _empty_root() -> bool:
    """Make an empty, read-only file system the root; return whether that was possible. Open files stay open."""
    libc, number = ctypes.CDLL(None, use_errno=True), PIVOT_ROOT.get(platform.machine())
    closed = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if number is None or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0:
        return False
    if libc.mount(b"none", b"/tmp", b"tmpfs", closed, b"size=4k,mode=555") != 0:
        return False
    os.chdir("/tmp")
    if libc.syscall(number, b".", b".") != 0 or libc.umount2(b".", MNT_DETACH) != 0:
        return False
    os.chdir("/")
    return bool(libc.mount(b"none", b"/", None, MS_REMOUNT | MS_RDONLY | closed, None) == 0)
