"""Messages between the kiosk and the accelerator's child process, and the layout of the memory that they share.

    parent → child                                child → parent
                                                  Hello, once the runtime is imported
    Open(key, path, sha256, outputs)              Opened(key, …) or Refused(key, error)
    Run(number, key): the input is in memory      Done(number, …): the outputs are in memory; or Failed(number, …)
    Close(key)                                    nothing

The messages are pickled and sent over a pipe. Tensors are not: they are copied into the shared memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from tpu.errors import RuntimeLayerError
from tpu.runtime import Driver

MEMORY_BYTES = 8 << 20  # untouched pages cost nothing; a float picture of 600 × 600 fits into the half for inputs
OUTPUTS_OFFSET_BYTES = MEMORY_BYTES // 2
ALIGNMENT_BYTES = 64


@dataclass(frozen=True)
class ChildConfig:
    """What a child is started with.

    Attributes:
        pipe_fd: File descriptor of its end of the pipe.
        memory_fd: File descriptor of the shared memory.
        runtime: "litert", "tflite-runtime" or "pycoral".
        driver: The driver library and its options.
        device: Name of the device, used if the driver does not list it.
        device_path: Its folder in /sys (USB) or its file in /dev (PCIe).
    """

    pipe_fd: int
    memory_fd: int
    runtime: str
    driver: Driver
    device: str
    device_path: str


@dataclass(frozen=True)
class Hello:
    """The child has started and imported its runtime; `device` is the driver's name of the device."""

    device: str


@dataclass(frozen=True)
class Open:
    """Open a model.

    Attributes:
        key: The number of the model in later messages.
        path: Its file, absolute.
        sha256: Of the file, hexadecimal.
        outputs: Indices of the tensors that every call returns.
        keep_all: Whether one of them is not an output of the model.
    """

    key: int
    path: str
    sha256: str
    outputs: tuple[int, ...]
    keep_all: bool


@dataclass(frozen=True)
class Close:
    """Free a model."""

    key: int


@dataclass(frozen=True)
class Run:
    """Run a model once on the input in the shared memory."""

    number: int
    key: int


@dataclass(frozen=True)
class Opened:
    """A model is ready."""

    key: int


@dataclass(frozen=True)
class Refused:
    """A model could not be opened."""

    key: int
    error: RuntimeLayerError


@dataclass(frozen=True)
class Done:
    """A call has finished; for every output its offset in the shared memory, its shape and its dtype."""

    number: int
    outputs: tuple[tuple[int, tuple[int, ...], str], ...]


@dataclass(frozen=True)
class Failed:
    """A call raised an error; the child can take further calls."""

    number: int
    reason: str
