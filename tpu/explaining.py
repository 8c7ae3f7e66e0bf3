"""Run the explaining form of a model, which `learning.explanation` writes: one call returns the answer and the maps."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from tpu.classifier import Judgement
from tpu.errors import InferenceFailed, ModelClosed, ModelStopped, ModelUnreadable, ModelUnsupported, StrPath
from tpu.guarded.interpreter import GuardedInterpreter
from tpu.guarded.process import GuardedChild
from tpu.input_metadata import read_normalization
from tpu.novelty import NoveltyTest
from tpu.runtime import Interpreter, allocate, open_on_cpu, runtime_for_cpu
from tpu.stderr_filter import XNNPACK, hide_lines_once
from tpu.tensors import FloatArray, ImageArray, dequantized, input_tensor, prepare_picture


@dataclass(frozen=True, eq=False)
class ExplainedAnswer:
    """The answer for a picture, and what it was made of.

    Attributes:
        judgement: The same as that of the model itself.
        outputs: The further outputs of the form, flat real numbers, float32: the embedding, then the maps.
    """

    judgement: Judgement
    outputs: tuple[FloatArray, ...]


class ExplainingEngine:
    """An open explaining form. It always runs on the CPU. Threads may share it.

    Args:
        form: Its bytes: the probabilities first, the embedding second, then maps.
        path: The model file it was made from, for errors.
        test: The novelty test of the model; None if it has none.
        runtime: "auto", "litert" or "tflite-runtime".
        num_threads: Number of threads of the CPU kernels.
        guard: The process that runs the model itself, if that is not trusted (`PictureModel.guard`).

    Raises:
        ModelStopped: If the guarded process crashes or exceeds a limit.
        ModelUnreadable: If the runtime cannot open the form.
        ModelUnsupported: If it has no further outputs.
        RuntimeNotInstalled: If the runtime is not installed.
    """

    def __init__(
        self,
        form: bytes,
        path: StrPath,
        *,
        test: NoveltyTest | None = None,
        runtime: str = "auto",
        num_threads: int = 1,
        guard: GuardedChild | None = None,
    ) -> None:
        self._path, self._test = path, test
        self._normalization = read_normalization(form)
        self._guarded, name = guard is not None, runtime_for_cpu(runtime)
        interpreter: Interpreter
        if guard is not None:
            try:
                interpreter = GuardedInterpreter(guard, form, path, runtime=name)
            except RuntimeError as error:
                raise ModelUnreadable(path, f"{str(error).rstrip('.')}. Use a complete .tflite file.") from error
        else:
            interpreter = open_on_cpu(form, path, runtime=name, num_threads=num_threads)
        with hide_lines_once(XNNPACK):
            allocate(interpreter, path)
        self._input, self._outputs = interpreter.get_input_details()[0], interpreter.get_output_details()
        if len(self._outputs) < 2:
            raise ModelUnsupported(path, "its explaining form has no maps. Make it with explaining_form().")
        self._interpreter: Interpreter | None = interpreter
        self._lock = threading.Lock()

    def answer(self, image: ImageArray) -> ExplainedAnswer:
        """Run the form once on a picture, RGB, uint8, (H, W, 3). It is cropped and resized here.

        Raises:
            InferenceFailed: If the interpreter fails.
            ModelClosed: If the form was closed before.
        """
        picture = prepare_picture(image, int(self._input["shape"][1]))
        tensor = input_tensor(picture, np.dtype(self._input["dtype"]), self._normalization)
        with self._lock:
            interpreter = self._interpreter
            if interpreter is None:
                raise ModelClosed(str(self._path))
            interpreter.set_tensor(self._input["index"], tensor)
            try:
                interpreter.invoke()
            except RuntimeError as error:
                if self._guarded:
                    raise ModelStopped(self._path, "error") from error
                raise InferenceFailed(str(self._path), str(error).splitlines()[0]) from error
            raw = [interpreter.get_tensor(detail["index"]) for detail in self._outputs]
        values = [dequantized(one, detail) for one, detail in zip(raw, self._outputs, strict=True)]
        novelty = self._test.novelty(values[1]) if self._test is not None else 0.0
        return ExplainedAnswer(Judgement(values[0], novelty), tuple(values[1:]))

    def close(self) -> None:
        """Free the interpreter after the current picture. A second call does nothing."""
        with self._lock:
            self._interpreter = None
