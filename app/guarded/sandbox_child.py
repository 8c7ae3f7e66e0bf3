"""The sandbox: `python -m app.guarded.sandbox_child TASK MEMORY CPU WRITTEN PROGRESS` opens files of unknown origin.

It isolates itself before it reads a byte. Then it reads a frame from standard input and writes one to standard output.
Meanwhile it writes a byte, 0 to 100, to the descriptor PROGRESS for every percent that is done.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.errors import KioskError
from app.guarded.sandbox import OUT_OF_MEMORY, framed, unframed
from app.session.pictures import decode_picture, encode_picture
from tpu.guarded.isolation import enter_namespaces, lock_down
from tpu.tensors import centre_crop

LARGEST_ARRAY_BYTES = 64 << 20
MOST_MEMBERS = 16  # of the archive; the kiosk writes five
LONGEST_DETAIL = 300  # characters
Answer = tuple[dict[str, Any], list[bytes]]
OnProgress = Callable[[float], object]


class Refused(Exception):
    """A file cannot be used: a key of `app.guarded.refusals.REFUSALS`, and details for the log."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why, self.detail = why, detail


def main(task: str, memory_bytes: int, processor_s: int, written_bytes: int, progress: int) -> int:
    """Do the task and return the exit code."""
    namespaces = enter_namespaces(lambda _pid: None)
    resource.setrlimit(resource.RLIMIT_CPU, (processor_s, processor_s + 1))
    cv2.setNumThreads(1)  # no thread can start any more
    _rehearse()
    lock_down(namespaces, memory_bytes, written_bytes)
    try:
        head, blobs = unframed(sys.stdin.buffer.read())
        try:
            reply, found = TASKS[task](head, blobs, lambda fraction: os.write(progress, bytes([int(100 * fraction)])))
        except Refused as refused:
            reply, found = {"refused": refused.why, "detail": refused.detail[:LONGEST_DETAIL]}, []
        for part in framed(reply, found):
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def check_session(_head: dict[str, Any], blobs: list[memoryview], on_progress: OnProgress) -> Answer:
    """Read session.npz and its pictures.

    Args:
        _head: Not used.
        blobs: The archive, then JPEG files.
        on_progress: Receives 0..1.

    Returns:
        `samples`, N, `feature_dim`, D, and `made`, M; the embeddings, float32 (N, D), the label indices, int64 (N,),
        the holds, int64 (N,), the made views, float32 (M, D), and the samples they belong to, int64 (M,); then every
        picture, decoded and encoded again; empty if it could not be decoded.
    """
    arrays = _arrays(bytes(blobs[0]))
    pictures = []
    for number, blob in enumerate(blobs[1:], start=1):
        pictures.append(_re_encoded(bytes(blob)))
        if 100 * number // len(blobs) != 100 * (number - 1) // len(blobs):
            on_progress(number / len(blobs))
    embeddings, _, _, made, _ = arrays
    head = {"samples": embeddings.shape[0], "feature_dim": embeddings.shape[1], "made": made.shape[0]}
    return head, [*(array.tobytes() for array in arrays), *pictures]


def unpack_head(_head: dict[str, Any], blobs: list[memoryview], _on_progress: OnProgress) -> Answer:
    """Unpack the head of a starter.

    Args:
        _head: Not used.
        blobs: The archive head.npz.
        _on_progress: Not used.

    Returns:
        `classes`, C; the weights, float32 (D, C), and the biases, float32 (C,).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(bytes(blobs[0]))) as members:
            weights = _array(members, "weights", np.dtype(np.float32), dimensions=2)
            biases = _array(members, "biases", np.dtype(np.float32), dimensions=1)
    except MemoryError:
        raise
    except Exception as error:
        raise Refused("damaged", repr(error)) from error
    return {"classes": weights.shape[1]}, [weights.tobytes(), biases.tobytes()]


TASKS: dict[str, Callable[[dict[str, Any], list[memoryview], OnProgress], Answer]] = {
    "session": check_session,
    "head": unpack_head,
}


def _rehearse() -> None:
    """Do everything once, because libraries read some of their files only when they are used."""
    archive, vectors, numbers = io.BytesIO(), np.zeros((1, 1), np.float32), np.zeros(1, np.int64)
    np.savez_compressed(
        archive, embeddings=vectors, label_indices=numbers, holds=numbers, made=vectors, made_source=numbers
    )
    framed(*check_session({}, [memoryview(archive.getvalue()), memoryview(b"no picture")], lambda _fraction: None))
    _re_encoded(encode_picture(np.zeros((8, 8, 3), np.uint8)))
    with suppress(Refused):
        _arrays(b"no archive")


def _arrays(archive: bytes) -> tuple[NDArray[Any], ...]:
    """Read the five arrays of session.npz; older kiosks did not write the last three."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as members:
            if len(members.infolist()) > MOST_MEMBERS:
                raise Refused("members")
            embeddings = _array(members, "embeddings", np.dtype(np.float32), dimensions=2)
            indices = _array(members, "label_indices", np.dtype(np.int64), dimensions=1)
            holds, made, made_source = np.full(len(indices), -1, np.int64), embeddings[:0], np.zeros(0, np.int64)
            if "holds.npy" in members.namelist():
                holds = _array(members, "holds", np.dtype(np.int64), dimensions=1)
            if "made.npy" in members.namelist():
                made = _array(members, "made", np.dtype(np.float32), dimensions=2)
                made_source = _array(members, "made_source", np.dtype(np.int64), dimensions=1)
    except (Refused, MemoryError):
        raise
    except Exception as error:  # of zlib, struct, tokenize and more: a sound archive raises none
        raise Refused("damaged", repr(error)) from error
    same_sizes = len(embeddings) == len(indices) == len(holds) and len(made) == len(made_source)
    if not same_sizes or made.shape[1] != embeddings.shape[1]:
        raise Refused("damaged")
    if not np.isfinite(embeddings).all() or not np.isfinite(made).all():
        raise Refused("damaged")
    return embeddings, indices, holds, made, made_source


def _array(members: zipfile.ZipFile, name: str, dtype: np.dtype[Any], dimensions: int) -> NDArray[Any]:
    """Read one array, never a pickled one; its size is checked before it is unpacked."""
    info = members.getinfo(f"{name}.npy")
    if info.file_size > LARGEST_ARRAY_BYTES:
        raise Refused("bomb")
    with members.open(info) as packed:
        stream = io.BytesIO(packed.read(info.file_size + 1))
    header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, fortran, found = header[np.lib.format.read_magic(stream)](stream)
    if fortran or found != dtype or len(shape) != dimensions:
        raise Refused(f"odd_{name}")
    return np.frombuffer(stream.read(), dtype).reshape(shape)


def _re_encoded(data: bytes) -> bytes:
    """Decode and encode a picture again, so that the kiosk stores only JPEG data that it wrote itself."""
    try:
        return encode_picture(centre_crop(decode_picture(data)))
    except (KioskError, ValueError):
        return b""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:6])))
