"""An opened model of one picture in and one vector out: what extractor and classifier have in common.

A model that is compiled for the Edge TPU answers from there while an accelerator lives, and from its CPU twin, the
file without `_edgetpu`, whenever it does not. Both have the same input and output, so nobody behind notices.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpu.counterparts import cpu_counterpart, cpu_name
from tpu.edgetpu.registry import RemoteModel
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, Phase
from tpu.errors import AcceleratorUnavailable, InferenceFailed, ModelUnreadable
from tpu.flatbuffer import refuse_torn
from tpu.quiet import XNNPACK, first_time_without
from tpu.runtime import CPU, EDGE_TPU_OPERATOR, Interpreter, allocate, open_on_cpu, refuse_missing, runtime_for_cpu
from tpu.tensors import FloatArray, ImageArray, dequantized, input_tensor, prepare_picture

logger = logging.getLogger(__name__)

Tensors = Callable[[bytes], Sequence[int]]
"""Gives the indices of more tensors to be read after a call, of a model by its bytes: twins number them differently."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model said of a picture, and where it ran.

    Attributes:
        outputs: float32, flat: the model's output, then the further tensors that were asked for.
        device: "cpu", "usb:N" or "pci:N".
    """

    outputs: tuple[FloatArray, ...]
    device: str


@dataclass(frozen=True, eq=False)
class _Opened:
    """A file in an interpreter: where its input goes, and which tensors are its answer."""

    data: bytes
    interpreter: Interpreter
    entry: dict[str, Any]
    outputs: tuple[dict[str, Any], ...]
    keep_all: bool


class PictureModel:
    """A model file, open. Threads may share it: a lock lets one picture in at a time.

    Args:
        path: A `.tflite` with one square RGB picture in and one vector out.
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "cpu", "usb:N" or "pci:N"; "cpu" keeps a compiled model off the accelerator.
        num_threads: Of the CPU kernels.
        accelerator: Where a compiled model runs while it lives.
        twin: The CPU file of a compiled model; None looks for it by its name.
        also: Further tensors to be read after each call.

    Attributes:
        name: File name without ending.
        model_bytes: The file as it is on disk.
        sha256: Of those bytes, hexadecimal.
        twin_bytes: Of a compiled model the CPU twin, as it is on disk; None if there is none.
        origin_sha256: Of the CPU twin where there is one, else `sha256`: what both back ends have in common.
        input_size_px: Edge of the square input.
        output_size: Numbers in the output vector.
        runtime_name: Which interpreter answers on the CPU.
    """

    def __init__(
        self,
        path: Path,
        *,
        runtime: str,
        device: str,
        num_threads: int,
        accelerator: EdgeTpuSupervisor | None = None,
        twin: Path | None = None,
        also: Tensors = lambda _model: (),
    ) -> None:
        self.model_bytes = _read(path)
        self.name = path.stem
        self._path = path
        self.sha256 = hashlib.sha256(self.model_bytes).hexdigest()
        self.compiled_for_edge_tpu = EDGE_TPU_OPERATOR in self.model_bytes
        if not self.compiled_for_edge_tpu and device not in ("auto", CPU):
            raise AcceleratorUnavailable(
                f"{path.name} is not compiled for an Edge TPU, so it cannot run on {device}. "
                "Name its _edgetpu file, or use --device cpu."
            )
        refuse_missing(runtime)
        self.runtime_name = runtime_for_cpu(runtime)
        self._lock = threading.Lock()
        self._closed = False
        told = _open(path, self.model_bytes, self.runtime_name, num_threads, also)
        self._entry, self._outputs = told.entry, told.outputs
        self.input_size_px = int(told.entry["shape"][1])
        self.output_size = int(np.prod(told.outputs[0]["shape"]))
        self._accelerator = accelerator if self.compiled_for_edge_tpu and device != CPU else None
        self._on_cpu = self._open_twin(twin, told, num_threads, also) if self.compiled_for_edge_tpu else told
        if self._on_cpu is None and self._accelerator is None:
            raise AcceleratorUnavailable(
                "this model is compiled for an Edge TPU and none is in use. Plug one in, "
                "or use the extractor's CPU file (its name without _edgetpu)."
            )
        if self._on_cpu is not None:
            try:
                with first_time_without(XNNPACK):
                    allocate(self._on_cpu.interpreter)
            except ModelUnreadable as error:
                raise ModelUnreadable(path, error.reason) from error
        self.twin_bytes = self._on_cpu.data if self._on_cpu is not None and self.compiled_for_edge_tpu else None
        self.origin_sha256 = self.sha256 if self.twin_bytes is None else hashlib.sha256(self.twin_bytes).hexdigest()
        self._remote: RemoteModel | None = None
        if self._accelerator is not None:
            self._remote = self._accelerator.register(
                path,
                self.sha256,
                input_detail=told.entry,
                output_details=told.outputs,
                keep_all=told.keep_all,
            )

    @property
    def device(self) -> str:
        """Where the next picture is answered: "cpu", "usb:N" or "pci:N"."""
        if self._accelerator is None or self._remote is None or self._remote.open_in is None:
            return CPU
        return self._accelerator.status.device or CPU

    def wait_for_accelerator(self, timeout_s: float) -> bool:
        """Wait until the accelerator has it open, or will not soon; give whether it has."""
        if self._accelerator is None or self._remote is None:
            return False
        return self._accelerator.wait_until_open(self._remote, timeout_s)

    def run(self, image: ImageArray) -> FloatArray:
        """Give the model's output for a picture, float32, (output_size,); see `answer`."""
        return self.answer(image).outputs[0]

    def answer(self, image: ImageArray) -> Answer:
        """Say what the model sees, and where it looked.

        Args:
            image: RGB, uint8, shape (H, W, 3); cropped and resized here.

        Raises:
            InferenceFailed: If the interpreter gives up, or the model was closed.
            AcceleratorUnavailable: If only an accelerator can run it and none answers.
        """
        picture = prepare_picture(image, self.input_size_px)
        tensor = input_tensor(picture, np.dtype(self._entry["dtype"]))
        if self._accelerator is not None and self._remote is not None and not self._closed:
            values = self._accelerator.answer(self._remote, tensor)
            if values is not None:
                return Answer(_real(values, self._outputs), self._accelerator.status.device)
        return self._answer_on_cpu(tensor)

    def answer_on_cpu(self, image: ImageArray) -> Answer:
        """The same from the CPU, whether or not an accelerator lives."""
        picture = prepare_picture(image, self.input_size_px)
        return self._answer_on_cpu(input_tensor(picture, np.dtype(self._entry["dtype"])))

    def close(self) -> None:
        """Free the interpreter once the picture at hand is done; a second call does nothing."""
        with self._lock:
            self._closed, self._on_cpu = True, None
            remote, self._remote = self._remote, None
        if remote is not None and self._accelerator is not None:
            self._accelerator.unregister(remote)

    def _answer_on_cpu(self, tensor: NDArray[Any]) -> Answer:
        with self._lock:
            if self._closed:
                raise InferenceFailed(f"the model {self.name} is closed. Open it again.")
            if self._on_cpu is None:
                raise AcceleratorUnavailable(self.what_is_needed())
            opened = self._on_cpu
            opened.interpreter.set_tensor(opened.entry["index"], tensor)
            try:
                opened.interpreter.invoke()
            except RuntimeError as error:
                raise InferenceFailed(
                    f"the model {self.name} failed on the CPU ({str(error).splitlines()[0]}). Restart the kiosk."
                ) from error
            values = tuple(opened.interpreter.get_tensor(detail["index"]) for detail in opened.outputs)
        return Answer(_real(values, opened.outputs), CPU)

    def what_is_needed(self) -> str:
        """Why a compiled model without its CPU twin does not answer, and what would let it."""
        status = self._accelerator.status if self._accelerator is not None else None
        why = {
            None: "none is in use",
            Phase.ABSENT: "none is plugged in",
            Phase.BROKEN: f"it does not answer: {status.reason.rstrip('.') if status else ''}",
        }.get(status.phase if status else None, "it is not open yet")
        return (
            f"the model {self.name} needs an Edge TPU, and {why}. "
            f"To go on without, put its CPU file {cpu_name(self._path) or 'of the same extractor'} beside it."
        )

    def _open_twin(self, path: Path | None, compiled: _Opened, num_threads: int, also: Tensors) -> _Opened | None:
        """The CPU twin, if it is there and gives what the compiled model gives."""
        path = path or cpu_counterpart(self._path)
        if path is None:
            return None
        try:
            twin = _open(path, _read(path), self.runtime_name, num_threads, also)
        except ModelUnreadable as error:
            logger.warning("%s", error)
            return None
        for one, other in ((compiled.entry, twin.entry), *zip(compiled.outputs, twin.outputs, strict=True)):
            if _meaning(one) != _meaning(other):
                logger.warning("%s is not the CPU file of %s: their inputs or outputs differ", path, self._path)
                return None
        return twin


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelUnreadable(path, f"{error.strerror}. Name an existing .tflite file.") from error
    if data[4:8] != b"TFL3":
        raise ModelUnreadable(path, "it is no TFLite file. Name a .tflite file.")
    return data


def _open(path: Path, data: bytes, runtime: str, num_threads: int, also: Tensors) -> _Opened:
    """Open a file, not yet allocated: that alone tells of its tensors, even of a compiled model."""
    try:
        refuse_torn(data)
        indices = tuple(also(data))
        interpreter = open_on_cpu(data, runtime=runtime, num_threads=num_threads, keep_all=bool(indices))
    except ModelUnreadable as error:
        raise ModelUnreadable(path, error.reason) from error
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    _check(path, inputs, outputs)
    details = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()} if indices else {}
    return _Opened(data, interpreter, inputs[0], (outputs[0], *(details[index] for index in indices)), bool(indices))


def _check(path: Path, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelUnreadable(
            path,
            f"it has {len(inputs)} inputs and {len(outputs)} outputs. "
            "Use a model with one picture in and one vector out.",
        )
    shape = tuple(int(edge) for edge in inputs[0]["shape"])
    square_rgb = len(shape) == 4 and shape[0] == 1 and shape[1] == shape[2] and shape[3] == 3
    if not square_rgb or inputs[0]["dtype"] not in (np.uint8, np.int8, np.float32):
        raise ModelUnreadable(
            path,
            f"its input is {np.dtype(inputs[0]['dtype']).name} {shape}. "
            "Use a model whose input is one square RGB picture, (1, S, S, 3).",
        )


def _meaning(detail: dict[str, Any]) -> tuple[object, ...]:
    """What a tensor's numbers stand for: how many, of which type, at which scale."""
    scale, zero_point = detail["quantization"]
    return int(np.prod(detail["shape"])), np.dtype(detail["dtype"]).name, float(np.float32(scale)), int(zero_point)


def _real(values: Sequence[NDArray[Any]], details: Sequence[dict[str, Any]]) -> tuple[FloatArray, ...]:
    return tuple(dequantized(value, detail) for value, detail in zip(values, details, strict=True))
