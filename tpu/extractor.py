"""EmbeddingExtractor: the frozen image network that turns a picture into an embedding."""

from __future__ import annotations

from types import TracebackType

from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.errors import NotAnExtractor, StrPath
from tpu.model import PictureModel
from tpu.tensors import FloatArray, ImageArray

MIN_FEATURES = 2


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

    def __enter__(self) -> EmbeddingExtractor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
