"""The accelerator's own process: opens compiled models with the driver and runs them, one call at a time.

It imports numpy and the interpreter, nothing else, and may die at any moment: the driver aborts its process when a
transfer fails. `tpu.process` starts it and speaks with it over a pipe; tensors pass through memory that both share.

    parent → child                                        child → parent
                                                          Hello once the runtime is imported
    Open(key, path, sha256, outputs)                      Opened(key, …) or Refused(key, error)
    Run(number, key): the input lies in the memory        Done(number, …): the outputs lie there; or Failed(number, …)
    Close(key)                                            nothing
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import pickle
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from tpu.driver import device_name
from tpu.errors import ModelUnreadable, RuntimeLayerError
from tpu.runtime import Driver, Interpreter, load_runtime, open_on_edge_tpu

MEMORY_BYTES = 8 << 20  # untouched pages cost nothing; a float picture of 600 × 600 fits into the half for inputs
OUTPUTS_AT = MEMORY_BYTES // 2
ALIGNMENT_BYTES = 64
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Orders:
    """What a child is started with: file descriptors of its pipe and memory, and how it opens models.

    `sysfs` is the device's folder in /sys (USB) or its file in /dev (PCIe); `device` is what it is called if the
    driver does not list it.
    """

    pipe: int
    memory: int
    runtime: str
    driver: Driver
    device: str
    sysfs: str


@dataclass(frozen=True)
class Hello:
    """The child is there."""

    device: str


@dataclass(frozen=True)
class Open:
    """Open a model; `outputs` are the indices of the tensors that every call gives.

    `keep_all` is needed when one of them is no output of the model.
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
    """Run a model once on the input that lies in the memory."""

    number: int
    key: int


@dataclass(frozen=True)
class Opened:
    """A model is ready; shape and dtype of its input."""

    key: int
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Refused:
    """A model could not be opened."""

    key: int
    error: RuntimeLayerError


@dataclass(frozen=True)
class Done:
    """A call is done: for every output where it lies in the memory, its shape and dtype."""

    number: int
    outputs: tuple[tuple[int, tuple[int, ...], str], ...]


@dataclass(frozen=True)
class Failed:
    """A call gave an error; the child goes on."""

    number: int
    reason: str


@dataclass
class _Model:
    interpreter: Interpreter
    input_index: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    outputs: tuple[int, ...]


def main(encoded: str) -> None:
    """Serve until the parent closes its end of the pipe; `encoded` are pickled Orders in hexadecimal."""
    orders: Orders = pickle.loads(bytes.fromhex(encoded))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the kiosk, which ends this process in order
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    pipe = Connection(orders.pipe)
    memory = mmap.mmap(orders.memory, MEMORY_BYTES)
    os.close(orders.memory)
    load_runtime(orders.runtime)
    device = device_name(orders.runtime, orders.driver.library, orders.sysfs) or orders.device
    pipe.send(Hello(device))
    models: dict[int, _Model] = {}
    while True:
        try:
            message = pipe.recv()
        except EOFError:
            return
        if isinstance(message, Run):
            pipe.send(_run(models[message.key], message.number, memory))
        elif isinstance(message, Open):
            pipe.send(_open(message, orders, device, models))
        elif isinstance(message, Close):
            models.pop(message.key, None)


def _open(message: Open, orders: Orders, device: str, models: dict[int, _Model]) -> Opened | Refused:
    try:
        try:
            data = Path(message.path).read_bytes()
        except OSError as error:
            raise ModelUnreadable(message.path, f"{error.strerror}. Put the file back.") from error
        if hashlib.sha256(data).hexdigest() != message.sha256:
            raise ModelUnreadable(message.path, "it changed since it was opened. Restart the kiosk.")
        interpreter = open_on_edge_tpu(
            data,
            runtime=orders.runtime,
            device=device,
            driver=orders.driver,
            keep_all=message.keep_all,
        )
        entry = interpreter.get_input_details()[0]
    except RuntimeLayerError as error:
        return Refused(message.key, error)
    shape, dtype = tuple(int(edge) for edge in entry["shape"]), np.dtype(entry["dtype"])
    models[message.key] = _Model(interpreter, entry["index"], shape, dtype, message.outputs)
    return Opened(message.key, shape, dtype.name)


def _run(model: _Model, number: int, memory: mmap.mmap) -> Done | Failed:
    count = int(np.prod(model.shape))
    try:
        picture = np.frombuffer(memory, model.dtype, count=count).reshape(model.shape)
        model.interpreter.set_tensor(model.input_index, picture)
        model.interpreter.invoke()
        outputs, at = [], OUTPUTS_AT
        for index in model.outputs:
            values = model.interpreter.get_tensor(index)
            memory[at : at + values.nbytes] = values.tobytes()
            outputs.append((at, values.shape, values.dtype.name))
            at += -(-values.nbytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    except (RuntimeError, ValueError, IndexError) as error:
        return Failed(number, str(error).strip())
    return Done(number, tuple(outputs))
