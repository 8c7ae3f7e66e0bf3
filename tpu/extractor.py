"""EmbeddingExtractor: the frozen image network that turns a picture into a vector."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.errors import NotAnExtractor
from tpu.model import PictureModel
from tpu.tensors import FloatArray, ImageArray

MIN_FEATURES = 2


class EmbeddingExtractor(PictureModel):
    """A headless image network.

    Args:
        model_path: A `.tflite` with one square RGB picture in (uint8, int8 or float32) and one vector out.
        runtime: "auto", "litert", "tflite-runtime" or "pycoral".
        device: "auto", "cpu", "usb:N" or "pci:N"; "cpu" keeps a compiled model off the accelerator.
        num_threads: Of the CPU kernels. One is the default: a kiosk's other threads want the other cores.
        accelerator: Where a compiled model runs while it lives; its CPU twin answers otherwise.

    Raises:
        NotAnExtractor: If its output is no vector.
        ModelUnreadable, RuntimeNotInstalled, AcceleratorUnavailable: As they say.
    """

    def __init__(
        self,
        model_path: Path,
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
        """Turn a picture (RGB, uint8, (H, W, 3)) into its embedding, float32, (D,)."""
        return self.run(image)

    def embedded(self, image: ImageArray) -> tuple[FloatArray, str]:
        """The same, and where it was made: "cpu", "usb:N" or "pci:N"."""
        answer = self.answer(image)
        return answer.outputs[0], answer.device

    def __enter__(self) -> EmbeddingExtractor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
