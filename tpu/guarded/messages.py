"""Messages between a process and its guarded child: small JSON objects, one in each packet of a socket.

    parent → child                                          child → parent
                                                            pid: of the process that computes
                                                            hello: what isolates it (`isolation.lock_down`)
    open: key, keep_all, further; with the model's file     inputs, outputs, further; or error
    allocate: key, sizes; with the shared memory            done; or error
    run: key; the input is in the shared memory             done; the outputs are there; or error
    close: key                                              nothing

Every reply repeats the number of its message. The child may be under the control of the model, so its parent checks
everything that it sends: a packet is short, numbers have bounds, and texts are cut and cleaned.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LARGEST_PACKET_BYTES = 64 << 10
LONGEST_TEXT = 300
MOST_TENSORS = 64  # inputs, outputs or further tensors that are listed
MOST_DIMENSIONS, LARGEST_TENSOR_BYTES = 8, 32 << 20
ALIGNMENT_BYTES = 64
DTYPES = {name: np.dtype(name) for name in ("float32", "uint8", "int8", "int16", "int32", "int64", "bool", "float16")}


class BadReply(ValueError):
    """The child sent something that no sound child sends."""


def encoded(message: Mapping[str, Any]) -> bytes:
    """Encode a message as one packet."""
    return json.dumps(message).encode()


def decoded(packet: bytes) -> dict[str, Any]:
    """Decode a packet.

    Raises:
        BadReply: If it is not a JSON object.
    """
    try:
        message = json.loads(packet)
    except (ValueError, RecursionError) as error:
        raise BadReply("no message") from error
    if not isinstance(message, dict):
        raise BadReply("no message")
    return message


def described(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a tensor in plain values: an entry of the interpreter's `get_input_details()` and the like."""
    scale, zero_point = detail["quantization"]
    return {
        "index": int(detail["index"]),
        "shape": [int(edge) for edge in detail["shape"]],
        "dtype": np.dtype(detail["dtype"]).name,
        "quantization": [float(scale), int(zero_point)],
    }


def checked_detail(value: object) -> dict[str, Any]:
    """Return the detail that `described` made, in the form of the interpreter.

    Raises:
        BadReply: If it describes no tensor, or one of more than LARGEST_TENSOR_BYTES.
    """
    try:
        index, shape, dtype = value["index"], value["shape"], value["dtype"]  # type: ignore[index]
        scale, zero_point = value["quantization"]  # type: ignore[index]
        sound = (
            _are_numbers([index, zero_point, *shape]) and len(shape) <= MOST_DIMENSIONS and min(shape, default=0) >= 0
        )
        if not sound or not math.isfinite(scale):
            raise BadReply("no tensor")
        known = DTYPES.get(dtype, np.dtype(np.float64))  # nothing is computed with others, but their names are shown
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise BadReply("no tensor") from error
    quantization = float(scale), zero_point
    return {"index": index, "shape": np.array(shape, np.int64), "dtype": known.type, "quantization": quantization}


def _are_numbers(values: Sequence[object]) -> bool:
    """Return whether all are whole numbers of 32 bits."""
    return all(type(one) is int and -(1 << 31) <= one < 1 << 31 for one in values)


def size_bytes(detail: Mapping[str, Any]) -> int:
    """Return the size of a tensor."""
    size = int(np.dtype(detail["dtype"]).itemsize)
    for edge in detail["shape"]:
        size *= int(edge)
    return size


def clean_text(value: object) -> str:
    """Return a text of the child, on one line, without characters that could move a cursor."""
    text = value if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else " " for char in text[:LONGEST_TEXT]).strip()


def places(sizes: Sequence[int]) -> list[int]:
    """Return where in the shared memory tensors of these sizes are; the last entry is the size of it all."""
    found = [0]
    for size in sizes:
        found.append(found[-1] + -(-size // ALIGNMENT_BYTES) * ALIGNMENT_BYTES)
    return found
