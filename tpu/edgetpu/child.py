"""The accelerator's child process: opens compiled models with the driver and runs them, one call at a time.

`tpu.edgetpu.process` starts it as `python -m tpu.edgetpu.child`. It imports numpy and the runtime only, so that it
starts fast. It may die at any moment: the driver aborts its process when a USB transfer fails.
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

from tpu.edgetpu.driver import device_name
from tpu.edgetpu.messages import (
    ALIGNMENT_BYTES,
    MEMORY_BYTES,
    OUTPUTS_OFFSET_BYTES,
    ChildConfig,
    Close,
    Done,
    Failed,
    Hello,
    Open,
    Opened,
    Refused,
    Run,
)
from tpu.errors import ModelUnreadable, RuntimeLayerError
from tpu.runtime import Interpreter, load_runtime, open_on_edge_tpu

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass
class _Model:
    """An open model: its interpreter, its one input, and the tensors to read after a call."""

    interpreter: Interpreter
    input_index: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    outputs: tuple[int, ...]


def main(encoded: str) -> None:
    """Serve until the parent closes its end of the pipe.

    Args:
        encoded: A pickled ChildConfig, in hexadecimal.
    """
    config: ChildConfig = pickle.loads(bytes.fromhex(encoded))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the kiosk, which then ends this process
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    pipe = Connection(config.pipe_fd)
    memory = mmap.mmap(config.memory_fd, MEMORY_BYTES)
    os.close(config.memory_fd)
    load_runtime(config.runtime)
    device = device_name(config.runtime, config.driver.library, config.device_path) or config.device
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
            pipe.send(_open(message, config, device, models))
        elif isinstance(message, Close):
            models.pop(message.key, None)


def _open(message: Open, config: ChildConfig, device: str, models: dict[int, _Model]) -> Opened | Refused:
    """Open a model and add it to `models`."""
    try:
        try:
            data = Path(message.path).read_bytes()
        except OSError as error:
            raise ModelUnreadable(message.path, f"{error.strerror}. Put the file back.") from error
        if hashlib.sha256(data).hexdigest() != message.sha256:
            raise ModelUnreadable(message.path, "it changed since it was opened. Restart the kiosk.")
        interpreter = open_on_edge_tpu(
            data,
            message.path,
            runtime=config.runtime,
            device=device,
            driver=config.driver,
            keep_all=message.keep_all,
        )
        entry = interpreter.get_input_details()[0]
    except RuntimeLayerError as error:
        return Refused(message.key, error)
    shape, dtype = tuple(int(edge) for edge in entry["shape"]), np.dtype(entry["dtype"])
    models[message.key] = _Model(interpreter, entry["index"], shape, dtype, message.outputs)
    return Opened(message.key)


def _run(model: _Model, number: int, memory: mmap.mmap) -> Done | Failed:
    """Run a model on the input in the shared memory, and copy its outputs there."""
    count = int(np.prod(model.shape))
    try:
        picture = np.frombuffer(memory, model.dtype, count=count).reshape(model.shape)
        model.interpreter.set_tensor(model.input_index, picture)
        model.interpreter.invoke()
        outputs, offset = [], OUTPUTS_OFFSET_BYTES
        for index in model.outputs:
            values = model.interpreter.get_tensor(index)
            memory[offset : offset + values.nbytes] = values.tobytes()
            outputs.append((offset, values.shape, values.dtype.name))
            offset += -(-values.nbytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    except (RuntimeError, ValueError, IndexError) as error:
        return Failed(number, str(error).strip())
    return Done(number, tuple(outputs))


if __name__ == "__main__":
    main(sys.argv[1])
