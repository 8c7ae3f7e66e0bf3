"""An open model that turns one picture into one vector: the common base of extractor and classifier.

A model that is compiled for the Edge TPU runs there while an accelerator is ready. Otherwise its CPU counterpart runs,
the file without `_edgetpu`. Both have the same input and output, so callers see no difference.
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

from tpu.counterparts import cpu_counterpart, cpu_file_name
from tpu.edgetpu.registry import RemoteModel
from tpu.edgetpu.supervisor import EdgeTpuSupervisor, Phase
from tpu.errors import (
    AcceleratorUnavailable,
    EdgeTpuNeeded,
    InferenceFailed,
    ModelClosed,
    ModelError,
    ModelStopped,
    ModelUnreadable,
    ModelUnsupported,
    StrPath,
)
from tpu.guarded.interpreter import GuardedInterpreter
from tpu.guarded.process import GuardedChild, shared_child
from tpu.guarded.trust import is_trusted
from tpu.input_metadata import read_normalization
from tpu.model_file import read_model_file, refuse_damaged
from tpu.runtime import CPU, EDGE_TPU_OPERATOR, Interpreter, allocate, open_on_cpu, refuse_missing, runtime_for_cpu
from tpu.stderr_filter import XNNPACK, hide_lines_once
from tpu.tensors import FloatArray, ImageArray, dequantized, input_tensor, prepare_picture

logger = logging.getLogger(__name__)

FindTensors = Callable[[bytes], Sequence[int]]
"""Returns the indices of further tensors to read after a call, given the bytes of the model.

A compiled model and its CPU counterpart number their tensors differently.
"""


@dataclass(frozen=True, eq=False)
class Answer:
    """The outputs of a model for one picture, and the device that computed them.

    Attributes:
        outputs: float32, flat: the model's output, then the further tensors that were requested.
        device: "cpu", "usb:N" or "pci:N".
    """

    outputs: tuple[FloatArray, ...]
    device: str


@dataclass(frozen=True, eq=False)
class _OpenFile:
    """A model file in an interpreter, with the details of its input and of the tensors to read after a call."""

    data: bytes
    interpreter: Interpreter
    input_detail: dict[str, Any]
    output_details: tuple[dict[str, Any], ...]
    keep_all: bool


class PictureModel:
    """An open model file. Threads may share it: a lock lets one picture in at a time.

    Args:
        path: A `.tflite` with one square RGB picture in and one vector out.
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "cpu", "usb:N" or "pci:N"; "cpu" never uses the accelerator.
        num_threads: Number of threads of the CPU kernels.
        accelerator: Runs a compiled model while it is ready.
        counterpart: The CPU file of a compiled model; None searches for it by name.
        find_tensors: Further tensors to read after each call.
        data: The contents of the file, if they were read before; then it is not read here.
        trusted: Whether the files may run in this process; True only for a file that this program made of trusted ones.
            None decides by their hashes (`tpu.guarded.trust`). Others run in a guarded child process.
        guard: That process, for files that are not trusted; None means the one that this program shares.

    Attributes:
        name: File name without suffix.
        model_bytes: The file's contents.
        sha256: Of these bytes, hexadecimal.
        trusted: Whether it runs in this process.
        guard: The process that it runs in otherwise.
        compiled_for_edge_tpu: Whether the Edge TPU compiler made the file.
        counterpart_bytes: Contents of the CPU counterpart of a compiled model; None if there is none.
        origin_sha256: Of the CPU counterpart if there is one, else `sha256`. It is equal on both back ends.
        input_size_px: Edge length of the square input.
        output_size: Length of the output vector.
        further_sizes: Lengths of the further tensors that are read after each call.
        normalization: How a float32 input is made from pixels, by the model's metadata.
        runtime_name: The runtime used on the CPU.

    Raises:
        ModelUnreadable: If the file is missing, cannot be read, is not TFLite, or is damaged.
        ModelUnsupported: If its inputs, outputs or operators are not supported.
        ModelStopped: If it is not trusted, and crashes or exceeds a limit in the guarded process.
        RuntimeNotInstalled: If the runtime is unknown or not installed.
        AcceleratorUnavailable: If a plain model should run on an Edge TPU, or a compiled one has none and no CPU file.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        runtime: str,
        device: str,
        num_threads: int,
        accelerator: EdgeTpuSupervisor | None = None,
        counterpart: StrPath | None = None,
        find_tensors: FindTensors = lambda _model: (),
        data: bytes | None = None,
        trusted: bool | None = None,
        guard: GuardedChild | None = None,
    ) -> None:
        path = Path(path)
        self.model_bytes = _read(path) if data is None else _checked(path, data)
        self.name = path.stem.encode("utf-8", "replace").decode()  # it is written to files and shown
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
        self.normalization = read_normalization(self.model_bytes)
        self._lock = threading.Lock()
        self._closed = False
        self._opener = _Opener(self.runtime_name, num_threads, find_tensors, trusted, guard)
        opened = self._opener.open(path, self.model_bytes)
        self.trusted = not isinstance(opened.interpreter, GuardedInterpreter)
        self.guard = None if self.trusted else guard or shared_child()
        self._input_detail, self._output_details = opened.input_detail, opened.output_details
        self.input_size_px = int(opened.input_detail["shape"][1])
        self.output_size, *further = (int(np.prod(detail["shape"])) for detail in opened.output_details)
        self.further_sizes = tuple(further)
        self._accelerator = accelerator if self.compiled_for_edge_tpu and device != CPU else None
        self._on_cpu: _OpenFile | None = opened
        if self.compiled_for_edge_tpu:
            self._on_cpu = self._open_counterpart(counterpart, opened)
        if self._on_cpu is None and self._accelerator is None:
            raise EdgeTpuNeeded
        if self._on_cpu is not None:
            with hide_lines_once(XNNPACK):
                allocate(self._on_cpu.interpreter, path)
        self.counterpart_bytes = self._on_cpu.data if self._on_cpu is not None and self.compiled_for_edge_tpu else None
        self.origin_sha256 = (
            hashlib.sha256(self.counterpart_bytes).hexdigest() if self.counterpart_bytes else self.sha256
        )
        self._remote: RemoteModel | None = None
        if self._accelerator is not None:
            self._remote = self._accelerator.register(
                path,
                self.sha256,
                input_detail=opened.input_detail,
                output_details=opened.output_details,
                keep_all=opened.keep_all,
            )

    @property
    def device(self) -> str:
        """The device that runs the next picture: "cpu", "usb:N" or "pci:N"."""
        if self._accelerator is None or self._remote is None or self._remote.open_in is None:
            return CPU
        return self._accelerator.status.device or CPU

    def wait_for_accelerator(self, timeout_s: float) -> bool:
        """Wait until the accelerator has opened the model or cannot; return whether it has."""
        if self._accelerator is None or self._remote is None:
            return False
        return self._accelerator.wait_until_open(self._remote, timeout_s)

    def run(self, image: ImageArray) -> FloatArray:
        """Return the model's output for a picture, float32, (output_size,); see `answer`."""
        return self.answer(image).outputs[0]

    def answer(self, image: ImageArray) -> Answer:
        """Run the model on a picture, on the accelerator if it is ready, else on the CPU.

        Args:
            image: RGB, uint8, shape (H, W, 3). It is cropped and resized here.

        Raises:
            InferenceFailed: If the interpreter fails.
            ModelStopped: If the guarded process crashes, is stopped, or does not answer in time.
            ModelClosed: If the model was closed before.
            AcceleratorUnavailable: If there is no CPU file and the accelerator is not ready.
        """
        tensor = self._tensor(image)
        if self._accelerator is not None and self._remote is not None and not self._closed:
            values = self._accelerator.answer(self._remote, tensor)
            if values is not None:
                return Answer(_dequantized(values, self._output_details), self._accelerator.status.device)
        return self._answer_on_cpu(tensor)

    def answer_on_cpu(self, image: ImageArray) -> Answer:
        """Run the model on the CPU, even if the accelerator is ready; otherwise as `answer`."""
        return self._answer_on_cpu(self._tensor(image))

    def close(self) -> None:
        """Free the interpreter after the current picture. A second call does nothing."""
        with self._lock:
            self._closed, self._on_cpu = True, None
            remote, self._remote = self._remote, None
        if remote is not None and self._accelerator is not None:
            self._accelerator.unregister(remote)

    def unavailable_reason(self) -> str:
        """Explain why a compiled model without a CPU file cannot run now, and what to do."""
        status = self._accelerator.status if self._accelerator is not None else None
        why = {
            None: "none is in use",
            Phase.ABSENT: "none is plugged in",
            Phase.BROKEN: f"it does not answer: {status.reason.rstrip('.') if status else ''}",
        }.get(status.phase if status else None, "it is not open yet")
        return (
            f"the model {self.name} needs an Edge TPU, and {why}. "
            f"To go on without, put its CPU file {cpu_file_name(self._path) or 'of the same extractor'} beside it."
        )

    def _tensor(self, image: ImageArray) -> NDArray[Any]:
        picture = prepare_picture(image, self.input_size_px)
        return input_tensor(picture, np.dtype(self._input_detail["dtype"]), self.normalization)

    def _answer_on_cpu(self, tensor: NDArray[Any]) -> Answer:
        with self._lock:
            if self._closed:
                raise ModelClosed(self.name)
            if self._on_cpu is None:
                raise AcceleratorUnavailable(self.unavailable_reason())
            opened = self._on_cpu
            try:
                opened.interpreter.set_tensor(opened.input_detail["index"], tensor)
                opened.interpreter.invoke()
            except RuntimeError as error:
                if not self.trusted:
                    raise ModelStopped(self._path, "error") from error
                raise InferenceFailed(self.name, str(error).splitlines()[0]) from error
            values = tuple(opened.interpreter.get_tensor(detail["index"]) for detail in opened.output_details)
        return Answer(_dequantized(values, opened.output_details), CPU)

    def _open_counterpart(self, path: StrPath | None, compiled: _OpenFile) -> _OpenFile | None:
        """Open the CPU counterpart if there is one with the same input and outputs."""
        path = cpu_counterpart(self._path) if path is None else Path(path)
        if path is None:
            return None
        try:
            plain = self._opener.open(path, _read(path))
        except ModelError as error:
            logger.warning("%s", error)
            return None
        pairs = zip(compiled.output_details, plain.output_details, strict=True)
        for one, other in ((compiled.input_detail, plain.input_detail), *pairs):
            if _size_type_scale(one) != _size_type_scale(other):
                logger.warning("%s is not the CPU file of %s: their inputs or outputs differ", path, self._path)
                return None
        return plain


def _read(path: Path) -> bytes:
    return _checked(path, read_model_file(path))


def _checked(path: Path, data: bytes) -> bytes:
    if data[4:8] != b"TFL3":
        raise ModelUnreadable(path, "it is no TFLite file. Name a .tflite file.")
    return data


@dataclass(frozen=True)
class _Opener:
    """How the files of a model are opened: see the arguments of `PictureModel`."""

    runtime: str
    num_threads: int
    find_tensors: FindTensors
    trusted: bool | None
    guard: GuardedChild | None

    def open(self, path: Path, data: bytes) -> _OpenFile:
        """Open a file without allocating it: its tensors can be listed even if it is compiled for the Edge TPU."""
        refuse_damaged(data, path)
        indices = tuple(self.find_tensors(data))
        interpreter: Interpreter
        if self.trusted or (self.trusted is None and is_trusted(hashlib.sha256(data).hexdigest())):
            interpreter = open_on_cpu(
                data, path, runtime=self.runtime, num_threads=self.num_threads, keep_all=bool(indices)
            )
        else:
            try:
                interpreter = GuardedInterpreter(
                    self.guard or shared_child(), data, path, runtime=self.runtime, further=indices
                )
            except RuntimeError as error:
                raise ModelUnreadable(path, f"{str(error).rstrip('.')}. Use a complete .tflite file.") from error
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        _check(path, inputs, outputs)
        details = {int(detail["index"]): detail for detail in interpreter.get_tensor_details()} if indices else {}
        further = tuple(details[index] for index in indices)
        return _OpenFile(data, interpreter, inputs[0], (outputs[0], *further), bool(indices))


def _check(path: Path, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelUnsupported(
            path,
            f"it has {len(inputs)} inputs and {len(outputs)} outputs. "
            "Use a model with one picture in and one vector out.",
        )
    shape = tuple(int(edge) for edge in inputs[0]["shape"])
    square_rgb = len(shape) == 4 and shape[0] == 1 and shape[1] == shape[2] and shape[3] == 3
    if not square_rgb or inputs[0]["dtype"] not in (np.uint8, np.int8, np.float32):
        raise ModelUnsupported(
            path,
            f"its input is {np.dtype(inputs[0]['dtype']).name} {shape}. "
            "Use a model whose input is one square RGB picture, (1, S, S, 3).",
        )


def _size_type_scale(detail: dict[str, Any]) -> tuple[object, ...]:
    """What two tensors must have in common to be exchangeable: size, dtype, scale and zero point."""
    scale, zero_point = detail["quantization"]
    return int(np.prod(detail["shape"])), np.dtype(detail["dtype"]).name, float(np.float32(scale)), int(zero_point)


def _dequantized(values: Sequence[NDArray[Any]], details: Sequence[dict[str, Any]]) -> tuple[FloatArray, ...]:
    return tuple(dequantized(value, detail) for value, detail in zip(values, details, strict=True))
