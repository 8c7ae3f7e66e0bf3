"""The sandbox: `python -m app.guarded.sandbox_child TASK MEMORY CPU WRITTEN` opens files of unknown origin.

It limits itself before it reads a byte. Then it reads a frame from standard input and writes one to standard output.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.base.errors import KioskError
from app.guarded.sandbox import OUT_OF_MEMORY, framed, unframed
from app.session.pictures import decode_picture, encode_picture
from learning.evidence import cells
from learning.explanation import NotExplainable, explaining_form
from tpu.classifier import ClassificationEngine
from tpu.errors import InferenceFailed, LabelCountMismatch, NotAClassifier, RuntimeLayerError
from tpu.explaining import ExplainingEngine
from tpu.tensors import FloatArray, ImageArray, centre_crop

LARGEST_ARRAY_BYTES = 64 << 20
MOST_MEMBERS = 16  # of the archive; the kiosk writes five
SUM_TOLERANCE = 0.05  # of the sum of probabilities: each 8-bit one is off by up to 1/512
SLOWEST_ANSWER_S = 3.0
LONGEST_DETAIL = 300  # characters
_BY_KIND: tuple[tuple[type[RuntimeLayerError], str], ...] = (
    (NotAClassifier, "no_classifier"),
    (LabelCountMismatch, "other_classes"),
    (InferenceFailed, "no_answer"),
)

Answer = tuple[dict[str, Any], list[bytes]]


class Refused(Exception):
    """A file cannot be used: a key of `app.guarded.refusals.REFUSALS`, and details for the log."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why, self.detail = why, detail


def main(task: str, memory_bytes: int, processor_s: int, written_bytes: int) -> int:
    """Do the task and return the exit code."""
    _limit(memory_bytes, processor_s, written_bytes)
    try:
        head, blobs = unframed(sys.stdin.buffer.read())
        try:
            reply, found = TASKS[task](head, blobs)
        except Refused as refused:
            reply, found = {"refused": refused.why, "detail": refused.detail[:LONGEST_DETAIL]}, []
        sys.stdout.buffer.write(framed(reply, found))
        sys.stdout.buffer.flush()
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def check_model(head: dict[str, Any], blobs: list[bytes]) -> Answer:
    """Open a model and classify pictures: it must be a classifier with the expected number of classes, and fast.

    Its explaining form is made and run on the same pictures, before anything else makes it.

    Args:
        head: `classes` and `runtime`.
        blobs: The model file.

    Returns:
        `input_px`, and `explains`: whether it has an explaining form that answers as the model does; no blobs.
    """
    labels = [str(number) for number in range(int(head["classes"]))]
    descriptor = os.memfd_create("model")
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(blobs[0])
    try:
        engine = ClassificationEngine(
            Path(f"/proc/self/fd/{descriptor}"), labels=labels, runtime=str(head["runtime"]), device="cpu"
        )
        rng, answers = np.random.default_rng(0), []
        pictures = np.zeros((64, 64, 3), np.uint8), rng.integers(0, 256, (240, 320, 3), np.uint8)
        for picture in pictures:
            started_s = time.perf_counter()
            probabilities = engine.classify(picture)
            if time.perf_counter() - started_s > SLOWEST_ANSWER_S:
                raise Refused("slow")
            fine = np.isfinite(probabilities).all() and (probabilities >= -SUM_TOLERANCE).all()
            if not fine or abs(float(probabilities.sum()) - 1) > SUM_TOLERANCE:
                raise Refused("no_probabilities")
            answers.append(probabilities)
        explains = _explains(blobs[0], pictures, answers, str(head["runtime"]))
    except RuntimeLayerError as error:
        why = next((word for kind, word in _BY_KIND if isinstance(error, kind)), "no_model")
        raise Refused(why, str(getattr(error, "reason", error))) from error
    return {"input_px": engine.input_size_px, "explains": explains}, []


def check_session(_head: dict[str, Any], blobs: list[bytes]) -> Answer:
    """Read session.npz and its pictures.

    Args:
        _head: Not used.
        blobs: The archive, then JPEG files.

    Returns:
        `samples`, N, `feature_dim`, D, and `made`, M; the embeddings, float32 (N, D), the label indices, int64 (N,),
        the holds, int64 (N,), the made views, float32 (M, D), and the samples they belong to, int64 (M,); then every
        picture, decoded and encoded again; empty if it could not be decoded.
    """
    arrays = _arrays(blobs[0])
    pictures = [_re_encoded(blob) for blob in blobs[1:]]
    embeddings, _, _, made, _ = arrays
    head = {"samples": embeddings.shape[0], "feature_dim": embeddings.shape[1], "made": made.shape[0]}
    return head, [*(array.tobytes() for array in arrays), *pictures]


TASKS: dict[str, Callable[[dict[str, Any], list[bytes]], Answer]] = {"model": check_model, "session": check_session}


def _explains(model: bytes, pictures: Sequence[ImageArray], answers: Sequence[FloatArray], runtime: str) -> bool:
    """Whether a model has an explaining form that gives finite shares and the same answers, and is as fast."""
    try:
        form = explaining_form(model)
        engine = ExplainingEngine(form.model, "model", runtime=runtime)
    except (NotExplainable, RuntimeLayerError):
        return False
    for picture, expected in zip(pictures, answers, strict=True):
        started_s = time.perf_counter()
        answer = engine.answer(picture)
        shares = cells(answer.outputs, form.description, 0, 1)
        if time.perf_counter() - started_s > SLOWEST_ANSWER_S or not np.isfinite(shares).all():
            return False
        if not np.allclose(answer.judgement.probabilities, expected, atol=SUM_TOLERANCE):
            return False
    return True


def _limit(memory_bytes: int, processor_s: int, written_bytes: int) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, processor_s, processor_s + 1),  # the signal of the soft limit tells the parent the reason
        (resource.RLIMIT_FSIZE, written_bytes, written_bytes),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(what, (soft, hard))
    with suppress(OSError):  # if the computer runs out of memory, this process is killed first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


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
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Refused("damaged") from error
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
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:5])))
