"""Start the accelerator's child process, exchange messages and tensors with it, notice its end, kill it.

The child is a new Python process that runs `tpu.edgetpu.child`. A pipe carries small messages and a shared memory the
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
from tpu.errors import AcceleratorLost
from tpu.runtime import Driver

logger = logging.getLogger(__name__)

LAST_WORDS_BYTES = 4096
KILL_PATIENCE_S = 5.0  # a process in the kernel's hands, such as a PCIe driver, may not die at once


class ChildProcess:
    """A running child. One thread at a time may speak with it.

    Args:
        runtime, driver: How it opens models.
        device: What the device is called if the driver does not list it.
        device_path: The device's folder in /sys (USB) or its file in /dev (PCIe).
        inherited: File descriptors that the child holds as long as it lives, such as a lock.
    """

    def __init__(
        self, *, runtime: str, driver: Driver, device: str, device_path: str, inherited: Sequence[int] = ()
    ) -> None:
        self._pipe, far_end = Pipe()
        memory = os.memfd_create("kiosk-accelerator")
        try:
            os.ftruncate(memory, MEMORY_BYTES)
            self._memory = mmap.mmap(memory, MEMORY_BYTES)
            config = ChildConfig(far_end.fileno(), memory, runtime, driver, device, device_path)
            self._process = subprocess.Popen(
                module_command("tpu.edgetpu.child", pickle.dumps(config).hex()),
                env=module_environment(),
                pass_fds=(far_end.fileno(), memory, *inherited),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        finally:
            os.close(memory)
            far_end.close()
        assert self._process.stderr is not None
        self._stderr = self._process.stderr
        fcntl.fcntl(self._stderr, fcntl.F_SETFL, fcntl.fcntl(self._stderr, fcntl.F_GETFL) | os.O_NONBLOCK)
        self._hearing = threading.Lock()  # a caller may find it dead at the same time as the supervisor
        self._words = b""
        self._ended = False

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Tell the child something.

        Raises:
            AcceleratorLost: If it is gone.
        """
        try:
            self._pipe.send(message)
        except OSError as error:
            raise AcceleratorLost(self.last_words()) from error

    def receive(self, timeout_s: float) -> Any | None:
        """What the child says next; None when it says nothing for so long.

        Raises:
            AcceleratorLost: If it is gone.
        """
        try:
            return self._pipe.recv() if self._pipe.poll(timeout_s) else None
        except (EOFError, OSError) as error:
            raise AcceleratorLost(self.last_words()) from error

    def listen(self, timeout_s: float, *, wake: int, pipe: bool) -> bool:
        """Wait until it dies, something can be read from `wake`, or with `pipe` until it says something.

        Returns:
            Whether it lives.
        """
        said = self._stderr.fileno()
        if said in wait([said, wake, *([self._pipe] if pipe else [])], timeout_s):
            self._hear()
        return not self._ended

    def write_input(self, tensor: NDArray[Any]) -> None:
        """Lay the input of the next call into the shared memory."""
        np.frombuffer(self._memory, tensor.dtype, tensor.size)[:] = tensor.reshape(-1)

    def read_outputs(self, done: Done) -> tuple[NDArray[Any], ...]:
        """Copy the outputs of a call out of the shared memory."""
        return tuple(
            np.frombuffer(self._memory, dtype, int(np.prod(shape)), offset).reshape(shape).copy()
            for offset, shape, dtype in done.outputs
        )

    def kill(self) -> str:
        """End it, whatever it is doing; give how it ended. A second call does nothing."""
        if self._process.returncode is None:
            self._process.kill()
        words = self.last_words()
        with self._hearing:
            self._stderr.close()
        self._pipe.close()
        return words

    def last_words(self) -> str:
        """How a child that is ending ended: its exit, and the driver's last line."""
        try:
            code = self._process.wait(KILL_PATIENCE_S)
        except subprocess.TimeoutExpired:
            logger.warning("process %d does not end: its driver holds it. Unplug the Edge TPU.", self.pid)
            return "it does not end"
        self._hear()
        how = f"its process ended ({signal.Signals(-code).name if code < 0 else f'exit {code}'})"
        lines = self._words.decode(errors="replace").splitlines()
        told = next((line for line in lines if line.startswith(("F ", "E "))), "")  # the driver's way to log
        return f"{how}: {told}" if told else how

    def _hear(self) -> None:
        """Take what it wrote to standard error; the end of that is the end of the child."""
        with self._hearing:
            while not self._stderr.closed:
                try:
                    heard = os.read(self._stderr.fileno(), LAST_WORDS_BYTES)
                except BlockingIOError:
                    return
                if not heard:
                    self._ended = True
                    return
                self._words = (self._words + heard)[-LAST_WORDS_BYTES:]
                logger.debug("driver: %s", heard.decode(errors="replace").rstrip())
