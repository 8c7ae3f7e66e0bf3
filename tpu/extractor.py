"""EmbeddingExtractor: the frozen image network that turns a picture into an embedding."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.errors import NotAnExtractor, StrPath
from tpu.model import PictureModel
from tpu.tensors import FloatArray, ImageArray

MIN_FEATURES = 2
TRIED_PX = 96  # edge of the pictures that an unknown extractor is tried with
USE_ANOTHER = "Use another embedding extractor."


class EmbeddingExtractor(PictureModel):
    """An image network without a classifier head. Use it as a context manager, or call `close`.

    Args:
        model_path: A `.tflite` with one square RGB picture in (uint8, int8 or float32) and one vector out.
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "cpu", "usb:N" or "pci:N"; "cpu" never uses the accelerator.
        num_threads: Number of threads of the CPU kernels; 1 leaves the other cores to the kiosk's other threads.
        accelerator: Runs a compiled model while it is ready; otherwise its CPU counterpart runs.

    Raises:
        NotAnExtractor: If its output is a single number.
        ModelUnreadable: If the file is missing, cannot be read, is not TFLite, or is damaged.
        ModelUnsupported: If its inputs, outputs or operators are not supported.
        RuntimeNotInstalled: If the runtime is unknown or not installed.
        AcceleratorUnavailable: If a plain model should run on an Edge TPU, or a compiled one has none and no CPU file.
    """

    def __init__(
        self,
        model_path: StrPath,
        *,
        runtime: str = "auto",
        device: str = "auto",
        num_threads: int = 1,
        accelerator: EdgeTpuSupervisor | None = None,
    ) -> None:
        super().__init__(model_path, runtime=runtime, device=device, num_threads=num_threads, accelerator=accelerator)
        if self.output_size < MIN_FEATURES:
            raise NotAnExtractor(
                model_path, "its output is a single number. Use an embedding extractor (no classifier head)."
            )

    @property
    def feature_dim(self) -> int:
        """D, the length of an embedding."""
        return self.output_size

    def embed(self, image: ImageArray) -> FloatArray:
        """Turn a picture into its embedding.

        Args:
            image: RGB, uint8, shape (H, W, 3). It is cropped and resized here.

        Returns:
            The embedding, float32, shape (D,).

        Raises:
            InferenceFailed, AcceleratorUnavailable: See `PictureModel.answer`.
        """
        return self.run(image)

    def embedded(self, image: ImageArray) -> tuple[FloatArray, str]:
        """Return the embedding and the device that computed it: "cpu", "usb:N" or "pci:N"."""
        answer = self.answer(image)
        return answer.outputs[0], answer.device

    def check_embeddings(self) -> None:
        """Embed two pictures with a model of unknown origin, before anything is taught with it.

        A compiled model is not tried: its stick may not be plugged in yet.

        Raises:
            NotAnExtractor: If a value is no number, or both embeddings are the same.
            InferenceFailed, ModelStopped: If it cannot embed them.
        """
        if self.trusted or self.compiled_for_edge_tpu:
            return
        noise = np.random.default_rng(0).integers(0, 256, (TRIED_PX, TRIED_PX, 3), np.uint8)
        dark, noisy = self.embed(np.zeros_like(noise)), self.embed(noise)
        if not (np.isfinite(dark).all() and np.isfinite(noisy).all()):
            raise NotAnExtractor(self._path, f"some of its values are no numbers. {USE_ANOTHER}")
        if np.array_equal(dark, noisy):
            raise NotAnExtractor(self._path, f"it makes the same embedding of all pictures. {USE_ANOTHER}")

    def __enter__(self) -> EmbeddingExtractor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
