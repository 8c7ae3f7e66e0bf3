"""Compute the simulated Edge TPU's output with the CPU file of the compiled model. libedgetpu.c calls it."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter


@cache
def _opened(path: str) -> tuple[Any, int, int, Any]:
    interpreter = Interpreter(model_content=Path(path).read_bytes(), num_threads=1)
    interpreter.allocate_tensors()
    entry, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    return interpreter, entry["index"], out["index"], entry


def compute(path: str, input_address: int, input_bytes: int, output_address: int, output_bytes: int) -> None:
    """Read the input tensor at its address, and write the embedding to the output tensor's."""
    interpreter, entry, out, detail = _opened(path)
    data = ctypes.string_at(input_address, input_bytes)
    interpreter.set_tensor(entry, np.frombuffer(data, detail["dtype"]).reshape(detail["shape"]))
    interpreter.invoke()
    answer = interpreter.get_tensor(out).tobytes()
    assert len(answer) == output_bytes
    ctypes.memmove(output_address, answer, output_bytes)
