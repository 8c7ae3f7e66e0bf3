"""What the guarded child does with each message: open a model, allocate it, run it, free it."""

from __future__ import annotations

import mmap
import os
import socket
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from tpu.errors import RuntimeLayerError
from tpu.guarded.messages import LARGEST_PACKET_BYTES, LONGEST_TEXT, MOST_TENSORS, decoded, described, encoded, places
from tpu.runtime import Interpreter, open_on_cpu


@dataclass
class _Model:
    """An open model.

    Attributes:
        memory: Shared with the parent: the input, the output, then the further tensors, of `sizes`, at `offsets`.
        details: Of the tensors in the memory, the input first.
    """

    interpreter: Interpreter
    further: tuple[int, ...]
    memory: mmap.mmap | None = None
    details: list[dict[str, Any]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)


def warm_up(runtime: str) -> None:
    """Run the extractor that ships once: the runtime examines the processor at its first model, and reads files for it.

    Without that it would compute everything with its slowest kernels, and with other rounding.
    """
    path = Path(str(resources.files("assets") / "models" / "kiosk_extractor.tflite"))  # `tpu.models` imports slowly
    interpreter = open_on_cpu(path.read_bytes(), path, runtime=runtime)
    interpreter.allocate_tensors()
    interpreter.invoke()


def serve(connection: socket.socket, runtime: str, holds: tuple[str, ...]) -> None:
    """Answer messages until the other end of the socket is closed.

    Args:
        connection: The socket.
        runtime: "litert" or "tflite-runtime".
        holds: What isolates this process, for the first message.
    """
    models: dict[int, _Model] = {}
    connection.send(encoded({"hello": list(holds)}))
    while True:
        packet, files, _flags, _address = socket.recv_fds(connection, LARGEST_PACKET_BYTES, 1)
        if not packet:
            return
        message = decoded(packet)
        key = message["key"]
        if message["do"] == "close":
            models.pop(key, None)
            continue
        try:
            if message["do"] == "open":
                models[key], reply = _open(message, files[0], runtime)
            elif message["do"] == "allocate":
                reply = _allocate(models[key], message["sizes"], files[0])
            else:
                reply = _run(models[key])
        except (RuntimeError, ValueError, RuntimeLayerError, KeyError, IndexError, OSError) as error:
            reason = str(getattr(error, "reason", error)).strip()
            reply = {"error": reason.splitlines()[0][:LONGEST_TEXT] if reason else type(error).__name__}
        connection.send(encoded({"number": message["number"], **reply}))


def _open(message: dict[str, Any], file: int, runtime: str) -> tuple[_Model, dict[str, Any]]:
    data = _read(file, message["size"])
    further = tuple(message["further"])
    interpreter = open_on_cpu(data, Path("model.tflite"), runtime=runtime, keep_all=message["keep_all"])
    tensors = {int(one["index"]): one for one in interpreter.get_tensor_details()} if further else {}
    reply = {
        "inputs": [described(one) for one in interpreter.get_input_details()[:MOST_TENSORS]],
        "outputs": [described(one) for one in interpreter.get_output_details()[:MOST_TENSORS]],
        "further": [described(tensors[index]) for index in further],
    }
    return _Model(interpreter, further), reply


def _allocate(model: _Model, sizes: list[int], file: int) -> dict[str, Any]:
    model.sizes, model.offsets = sizes, places(sizes)
    model.memory = mmap.mmap(file, model.offsets[-1])
    os.close(file)
    interpreter = model.interpreter
    interpreter.allocate_tensors()
    tensors = {int(one["index"]): one for one in interpreter.get_tensor_details()} if model.further else {}
    outputs = [*interpreter.get_output_details()[:MOST_TENSORS], *(tensors[index] for index in model.further)]
    model.details = [interpreter.get_input_details()[0], *outputs]
    return {"done": True}


def _run(model: _Model) -> dict[str, Any]:
    """Run a model on the input in the shared memory, and copy its outputs there."""
    memory, interpreter = model.memory, model.interpreter
    if memory is None:
        raise ValueError("it is not allocated")
    given, *wanted = model.details
    shape, dtype = given["shape"], np.dtype(given["dtype"])
    tensor = np.frombuffer(memory, dtype, int(np.prod(shape)), model.offsets[0]).reshape(shape)
    interpreter.set_tensor(given["index"], tensor)
    interpreter.invoke()
    for place, detail in enumerate(wanted, start=1):
        data = np.ascontiguousarray(interpreter.get_tensor(detail["index"])).tobytes()
        if len(data) != model.sizes[place]:
            raise ValueError("its answers change their size")
        memory[model.offsets[place] : model.offsets[place] + len(data)] = data
    return {"done": True}


def _read(file: int, size: int) -> bytes:
    """Read a whole file with the few system calls that are left, and close it."""
    parts = []
    while size > 0 and (part := os.read(file, size)):
        parts.append(part)
        size -= len(part)
    os.close(file)
    return b"".join(parts)
