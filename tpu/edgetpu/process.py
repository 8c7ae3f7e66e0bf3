"""Start the accelerator's child process, exchange messages and tensors with it, notice its end, kill it.

The child is a new Python process that runs `tpu.edgetpu.child`. A pipe carries small messages, and a shared memory the
tensors. The driver logs to the child's standard error; end of file on it means that the child is dead.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import pickle
import signal
import subprocess
import threading
from collections.abc import Sequence
from multiprocessing.connection import Pipe, wait
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpu.edgetpu.messages import MEMORY_BYTES, ChildConfig, Done
from tpu.edgetpu.python_process import module_command, module_environment
from tpu.edgetpu.wakeup import WakePipe
from tpu.errors import AcceleratorLost
from tpu.runtime import Driver

logger = logging.getLogger(__name__)

KEPT_STDERR_BYTES = 4096
KILL_TIMEOUT_S = 5.0  # a process inside a kernel call, such as into a PCIe driver, may not die at once


class ChildProcess:
    """A running child. Only one thread at a time may use it.

    Args:
        runtime: "litert", "tflite-runtime" or "pycoral".
        driver: The driver library and its options.
        device: Name of the device, used if the driver does not list it.
        device_path: Its folder in /sys (USB) or its file in /dev (PCIe).
        inherited: File descriptors that the child keeps open until it ends, such as a lock.
    """

    def __init__(
        self, *, runtime: str, driver: Driver, device: str, device_path: str, inherited: Sequence[int] = ()
    ) -> None:
        self._pipe, child_end = Pipe()
        memory_fd = os.memfd_create("kiosk-accelerator")
        try:
            os.ftruncate(memory_fd, MEMORY_BYTES)
            self._memory = mmap.mmap(memory_fd, MEMORY_BYTES)
            config = ChildConfig(child_end.fileno(), memory_fd, runtime, driver, device, device_path)
            self._process = subprocess.Popen(
                module_command("tpu.edgetpu.child", pickle.dumps(config).hex()),
                env=module_environment(),
                pass_fds=(child_end.fileno(), memory_fd, *inherited),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        finally:
            os.close(memory_fd)
            child_end.close()
        assert self._process.stderr is not None
        self._stderr = self._process.stderr
        fcntl.fcntl(self._stderr, fcntl.F_SETFL, fcntl.fcntl(self._stderr, fcntl.F_GETFL) | os.O_NONBLOCK)
        self._reading = threading.Lock()  # a caller may notice the end at the same time as the supervisor
        self._log = b""
        self._ended = False

    def send(self, message: object) -> None:
        """Send a message.

        Raises:
            AcceleratorLost: If the child has ended.
        """
        try:
            self._pipe.send(message)
        except OSError as error:
            raise AcceleratorLost(self.end_reason()) from error

    def receive(self, timeout_s: float) -> Any | None:
        """Return the child's next message, or None if there is none within `timeout_s`.

        Raises:
            AcceleratorLost: If the child has ended.
        """
        try:
            return self._pipe.recv() if self._pipe.poll(timeout_s) else None
        except (EOFError, OSError) as error:
            raise AcceleratorLost(self.end_reason()) from error

    def wait(self, timeout_s: float, *, wake_pipe: WakePipe, for_message: bool) -> bool:
        """Wait until the child ends, the wake pipe is readable or, with `for_message`, the child sends a message.

        Returns:
            Whether the child is alive.
        """
        stderr_fd = self._stderr.fileno()
        if stderr_fd in wait([stderr_fd, wake_pipe.fileno(), *([self._pipe] if for_message else [])], timeout_s):
            self._read_stderr()
        return not self._ended

    def write_input(self, tensor: NDArray[Any]) -> None:
        """Copy the input of the next call into the shared memory."""
        np.frombuffer(self._memory, tensor.dtype, tensor.size)[:] = tensor.reshape(-1)

    def read_outputs(self, done: Done) -> tuple[NDArray[Any], ...]:
        """Copy the outputs of a call out of the shared memory."""
        return tuple(
            np.frombuffer(self._memory, dtype, int(np.prod(shape)), offset).reshape(shape).copy()
            for offset, shape, dtype in done.outputs
        )

    def kill(self) -> str:
        """Kill the child, whatever it is doing, and return its `end_reason`. A second call does nothing."""
        if self._process.returncode is None:
            self._process.kill()
        reason = self.end_reason()
        with self._reading:
            self._stderr.close()
        self._pipe.close()
        return reason

    def end_reason(self) -> str:
        """Wait for the end of a child that is ending; return its exit status and the driver's first error line."""
        try:
            code = self._process.wait(KILL_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            logger.warning("process %d does not end: its driver blocks it. Unplug the Edge TPU.", self._process.pid)
            return "it does not end"
        self._read_stderr()
        status = f"its process ended ({signal.Signals(-code).name if code < 0 else f'exit {code}'})"
        lines = self._log.decode(errors="replace").splitlines()
        driver_error = next((line for line in lines if line.startswith(("F ", "E "))), "")  # the driver's log format
        return f"{status}: {driver_error}" if driver_error else status

    def _read_stderr(self) -> None:
        """Read what the child has written to standard error; end of file means that it has ended."""
        with self._reading:
            while not self._stderr.closed:
                try:
                    data = os.read(self._stderr.fileno(), KEPT_STDERR_BYTES)
                except BlockingIOError:
                    return
                if not data:
                    self._ended = True
                    return
                self._log = (self._log + data)[-KEPT_STDERR_BYTES:]
                logger.debug("driver: %s", data.decode(errors="replace").rstrip())
