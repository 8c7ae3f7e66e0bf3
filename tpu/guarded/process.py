"""Start the guarded child, exchange messages and tensors with it, and kill it when it breaks a limit.

One thread at a time talks to the child. A caller waits as long as it says; the child itself may take a little longer,
because a busy computer is no reason to kill it. A child that ended or was killed is replaced at the next call. Its
models are opened again then (`tpu.guarded.interpreter`).
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from tpu.edgetpu.python_process import module_command
from tpu.guarded.child import OUT_OF_MEMORY
from tpu.guarded.isolation import FROM_SIGNAL, OUT_OF_TIME, guarded_environment, limit_processor_time, processor_s
from tpu.guarded.messages import LARGEST_PACKET_BYTES, BadReply, clean_text, decoded, encoded

logger = logging.getLogger(__name__)

KILL_TIMEOUT_S = 5.0
ENDS_WITHIN_S = 0.5  # a process that closed its socket has ended, or pretends to
MOST_REPLIES = 16  # that are kept for callers who gave up waiting


@dataclass(frozen=True)
class GuardLimits:
    """What a guarded child may use.

    Attributes:
        answer_s: The longest that a caller waits for an answer.
        processor_s: Processor time for one answer; more is a hang.
        wall_s: Elapsed time for one answer, also on a busy computer.
        open_s: Elapsed time to start the child, and to open a model.
        memory_bytes: Address space beyond that of the interpreter itself; a MobileNet takes 20 MB.
    """

    answer_s: float = 3.0
    processor_s: float = 3.0
    wall_s: float = 10.0
    open_s: float = 30.0
    memory_bytes: int = 512 << 20


DEFAULT_LIMITS = GuardLimits()


class ChildFailed(Exception):
    """The child cannot answer.

    Attributes:
        kind: "crash", "time" or "memory" if it was ended, "late" if it is still busy.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class ChildReplaced(ChildFailed):
    """The child was ended because of an earlier message of somebody else; a new one can be asked at once."""

    def __init__(self) -> None:
        super().__init__("late")


class CallRefused(Exception):
    """The child reports that it cannot do what a message asks; its text is clean and short."""


class GuardedChild:
    """A child process that is started when it is needed, and again after it failed. Threads may share it.

    Args:
        limits: What it may use.
        stays: Whether the process stays for other models after the last one was closed.

    Attributes:
        generation: How many processes were started so far; a model that was opened in another one is gone.
    """

    def __init__(self, limits: GuardLimits = DEFAULT_LIMITS, *, stays: bool = False) -> None:
        self.limits = limits
        self._stays = stays
        self.generation = 0
        self.lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._pid = 0  # of the process that computes, as this process sees it
        self._holds: tuple[str, ...] | None = None
        self._numbers = count(1)
        self._pending: _Pending | None = None
        self._replies: dict[int, dict[str, Any]] = {}
        self._forgotten: list[int] = []
        self._users = 0

    @property
    def pid(self) -> int:
        """The process that computes; 0 while there is none."""
        return self._pid

    def start(self, runtime: str, until_s: float) -> tuple[str, ...]:
        """Start a process if there is none, and wait until it is ready.

        Args:
            runtime: "litert" or "tflite-runtime".
            until_s: How long to wait, in monotonic seconds.

        Returns:
            What isolates it: see `tpu.guarded.isolation.lock_down`.

        Raises:
            ChildFailed: If it does not start, or not in time.
        """
        with self.lock:
            if self._process is None:
                self._launch(runtime)
            while self._holds is None:  # up to here the child has not seen a byte of a model
                message = self._receive(until_s)
                pid = message.get("pid")
                if isinstance(pid, int) and pid > 0:
                    self._pid = pid
                elif isinstance(message.get("hello"), list):
                    self._holds = tuple(clean_text(one) for one in message["hello"])
                    self._pending = None
            return self._holds

    def send(
        self, message: Mapping[str, Any], until_s: float, *, files: Sequence[int] = (), opens: bool = False
    ) -> int:
        """Send a message once the child has answered the one before; return its number.

        Args:
            message: Plain values.
            until_s: How long to wait for the answer to the one before, in monotonic seconds.
            files: Descriptors that the child receives.
            opens: Allow it the time for opening a model.

        Raises:
            ChildReplaced: If it was ended because of the message before.
            ChildFailed: If the child has ended, or is still busy.
        """
        with self.lock:
            while self._pending is not None:
                try:
                    self._take_reply(until_s)
                except ChildFailed as failed:
                    raise (failed if failed.kind == "late" else ChildReplaced()) from failed
            if self._socket is None:  # it has ended, and no process has the number 0: that means this one
                raise ChildFailed("crash")
            while self._forgotten:
                self._transmit({"do": "close", "key": self._forgotten.pop(), "number": 0})
            number = next(self._numbers)
            self._begin(number, opens=opens)
            self._transmit({"number": number, **message}, files)
            return number

    def reply(self, number: int, until_s: float) -> dict[str, Any]:
        """Wait for the reply to a message.

        Raises:
            CallRefused: If the child reports an error.
            ChildFailed: If it ended, broke a limit, or is late.
        """
        with self.lock:
            while number not in self._replies:
                self._take_reply(until_s)
            reply = self._replies.pop(number)
            if "error" in reply:
                raise CallRefused(clean_text(reply["error"]))
            return reply

    def use(self) -> None:
        """Count one more model that may be open in the child."""
        with self.lock:
            self._users += 1

    def forget(self, key: int) -> None:
        """Free a model; end the process if it was the last one and need not stay. Never waits for an answer."""
        self._users -= 1
        if self._users == 0 and not self._stays:
            self.kill()
        else:
            self._forgotten.append(key)

    def kill(self) -> None:
        """End the process, whatever it is doing. A second call does nothing."""
        with self.lock:
            process, self._process = self._process, None
            if self._socket is not None:
                self._socket.close()
            self._socket, self._pid, self._holds, self._pending = None, 0, None, None
            self._replies.clear()
            self._forgotten.clear()
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                process.wait(KILL_TIMEOUT_S)

    def _transmit(self, message: Mapping[str, Any], files: Sequence[int] = ()) -> None:
        if self._socket is None:
            raise ChildFailed("crash")
        try:
            socket.send_fds(self._socket, [encoded(message)], list(files))
        except OSError as error:
            raise self._ended() from error

    def _take_reply(self, until_s: float) -> None:
        """Wait for the reply that is pending, and keep it. A reply that nobody takes any more is dropped."""
        message = self._receive(until_s)
        if self._pending is None or message.get("number") != self._pending.number:
            self.kill()
            raise ChildFailed("crash")
        self._replies = {**dict(list(self._replies.items())[-MOST_REPLIES:]), self._pending.number: message}
        self._pending = None

    def _launch(self, runtime: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                module_command("tpu.guarded.child", str(theirs.fileno()), runtime, str(self._memory_bytes())),
                env=_environment(),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._socket, self._pid, self.generation = ours, self._process.pid, self.generation + 1
        self._begin(0, opens=True)

    def _memory_bytes(self) -> int:
        """The limit of the settings, but no more than half of what this computer has."""
        half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
        return min(self.limits.memory_bytes, half)

    def _begin(self, number: int, *, opens: bool) -> None:
        limits, now_s = self.limits, time.monotonic()
        wall_s, own_s = (limits.open_s, limits.open_s) if opens else (limits.wall_s, limits.processor_s)
        used_s = processor_s(self._pid)
        self._pending = _Pending(number, now_s + wall_s, used_s + own_s)
        limit_processor_time(self._pid, int(own_s) + 1)

    def _receive(self, until_s: float) -> dict[str, Any]:
        """Return the next message of the child.

        Raises:
            ChildFailed: If there is none in time, or if the child ended or had to be killed.
        """
        while True:
            if self._socket is None:
                raise ChildFailed("crash")
            now_s, pending = time.monotonic(), self._pending
            end_s = min(until_s, pending.until_s) if pending is not None else until_s
            self._socket.settimeout(max(0.001, min(end_s - now_s, 0.25)))  # in between, look at its processor time
            try:
                packet = self._socket.recv(LARGEST_PACKET_BYTES)
                if packet:
                    return decoded(packet)
                raise self._ended()
            except TimeoutError:
                pass
            except BadReply as error:
                self.kill()
                raise ChildFailed("crash") from error
            except OSError as error:
                raise self._ended() from error
            now_s = time.monotonic()
            if pending is not None and (now_s >= pending.until_s or processor_s(self._pid) >= pending.processor_s):
                self.kill()
                raise ChildFailed("time")
            if now_s >= until_s:
                raise ChildFailed("late")

    def _ended(self) -> ChildFailed:
        """End what is left of the child; return why it ended."""
        process = self._process
        code: int | None = None
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(ENDS_WITHIN_S)
        self.kill()
        if code is not None and code < 0:
            code = FROM_SIGNAL - code
        logger.info("the guarded process ended with code %s", code)
        if code in (OUT_OF_TIME, FROM_SIGNAL + signal.SIGXCPU):
            return ChildFailed("time")
        return ChildFailed("memory" if code in (OUT_OF_MEMORY, FROM_SIGNAL + signal.SIGKILL) else "crash")


@cache
def shared_child() -> GuardedChild:
    """Return the child that all models of this program share unless they are given one of their own."""
    child = GuardedChild(stays=True)
    atexit.register(child.kill)
    return child


def wait_for_verdicts() -> None:
    """Let callers of the shared child wait until it answers or is stopped: for programs in which nobody else waits."""
    child = shared_child()
    child.limits = replace(child.limits, answer_s=child.limits.wall_s + 1)


@dataclass(frozen=True)
class _Pending:
    """A message that the child has not answered: when it must have, and at which processor time of the child."""

    number: int
    until_s: float
    processor_s: float


def _environment() -> dict[str, str]:
    """In it the child finds the same modules as this process."""
    return {
        **guarded_environment(),
        "PYTHONPATH": os.pathsep.join(str(Path(one).absolute()) for one in sys.path if one),
    }
