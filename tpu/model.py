"""An opened model of one picture in and one vector out: what extractor and classifier have in common."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np

from tpu.errors import InferenceFailed, ModelUnreadable
from tpu.runtime import EDGE_TPU_OPERATOR, Interpreter, Runtime, choose_device, load_runtime
from tpu.tensors import FloatArray, ImageArray, dequantized, input_tensor, prepare_picture


class PictureModel:
    """A model file, open. Threads may share it: a lock lets one picture in at a time.

    Attributes:
        name: File name without ending.
        model_bytes: The file as it is on disk.
        sha256: Of those bytes, hexadecimal.
        input_size_px: Edge of the square input.
        output_size: Numbers in the output vector.
        device: "cpu", "usb:N" or "pci:N".
        runtime_name: Which interpreter runs it.
    """

    def __init__(self, path: Path, *, runtime: str, device: str, num_threads: int) -> None:
        try:
            self.model_bytes = path.read_bytes()
        except OSError as error:
            raise ModelUnreadable(path, f"{error.strerror}. Name an existing .tflite file.") from error
        if self.model_bytes[4:8] != b"TFL3":
            raise ModelUnreadable(path, "it is no TFLite file. Name a .tflite file.")
        self.name = path.stem
        self.sha256 = hashlib.sha256(self.model_bytes).hexdigest()
        self.compiled_for_edge_tpu = EDGE_TPU_OPERATOR in self.model_bytes
        loaded: Runtime = load_runtime(runtime)
        self.runtime_name = loaded.name
        self.device = choose_device(device, self.model_bytes)
        self._lock = threading.Lock()
        try:
            interpreter = loaded.make_interpreter(self.model_bytes, device=self.device, num_threads=num_threads)
        except ModelUnreadable as error:
            raise ModelUnreadable(path, error.reason) from error
        self._interpreter: Interpreter | None = interpreter
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self._input, self._output = inputs[0], outputs[0]
        self._check(path, inputs, outputs)
        self.input_size_px = int(self._input["shape"][1])
        self.output_size = int(np.prod(self._output["shape"]))

    def run(self, image: ImageArray) -> FloatArray:
        """Give the model's output for a picture.

        Args:
            image: RGB, uint8, shape (H, W, 3); cropped and resized here.

        Returns:
            Dequantized, float32, shape (output_size,).

        Raises:
            InferenceFailed: If the interpreter gives up, or the model was closed.
        """
        picture = prepare_picture(image, self.input_size_px)
        with self._lock:
            if self._interpreter is None:
                raise InferenceFailed(f"the model {self.name} is closed. Open it again.")
            self._interpreter.set_tensor(self._input["index"], input_tensor(picture, np.dtype(self._input["dtype"])))
            try:
                self._interpreter.invoke()
            except RuntimeError as error:
                raise InferenceFailed(
                    f"the model {self.name} failed on {self.device} ({str(error).splitlines()[0]}). Restart the kiosk."
                ) from error
            return dequantized(self._interpreter.get_tensor(self._output["index"]), self._output)

    def close(self) -> None:
        """Free the interpreter once the picture at hand is done; a second call does nothing."""
        with self._lock:
            self._interpreter = None

    @staticmethod
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
