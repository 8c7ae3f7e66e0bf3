"""ClassificationEngine: runs an exported model, as anybody could who has the file and its labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.errors import LabelCountMismatch, LabelsUnreadable, NotAClassifier
from tpu.flatbuffer import last_operator
from tpu.model import PictureModel
from tpu.novelty import read_novelty_test
from tpu.runtime import CPU
from tpu.tensors import FloatArray, ImageArray

MIN_CLASSES = 2
GIVES_PROBABILITIES = {"SOFTMAX", "LOGISTIC", "CUSTOM"}  # or may well do so, when compiled


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a model says of a picture, and whether it has seen anything like it.

    Attributes:
        probabilities: float32 (C,), 0..1.
        novelty: Up to 1 the picture is like something taught; 0 where the model brings no test along.
        device: Where it looked: "cpu", "usb:N" or "pci:N".
    """

    probabilities: FloatArray
    novelty: float
    device: str = CPU

    def is_known(self, threshold: float) -> bool:
        """Whether it is an answer, rather than "not sure"."""
        return bool(self.probabilities.max() >= threshold and self.novelty <= 1)


class ClassificationEngine(PictureModel):
    """An exported model.

    Args:
        model_path: A `.tflite` with one square RGB picture in and one vector of class probabilities out.
        labels: Class labels in the order of the output; None reads `labels.txt` beside the model, and
            numbers the classes when there is none.
        runtime, device, num_threads, accelerator, twin: As for the extractor.

    Raises:
        NotAClassifier: If its output is no vector of probabilities.
        LabelCountMismatch: If there are more or fewer labels than classes.
        ModelUnreadable, RuntimeNotInstalled, AcceleratorUnavailable: As they say.
    """

    def __init__(
        self,
        model_path: Path,
        *,
        labels: Sequence[str] | None = None,
        runtime: str = "auto",
        device: str = "auto",
        num_threads: int = 1,
        accelerator: EdgeTpuSupervisor | None = None,
        twin: Path | None = None,
    ) -> None:
        super().__init__(
            model_path,
            runtime=runtime,
            device=device,
            num_threads=num_threads,
            accelerator=accelerator,
            twin=twin,
            also=_embedding_of_test,
        )
        self._test = read_novelty_test(self.model_bytes)
        if last_operator(self.model_bytes) not in GIVES_PROBABILITIES:
            raise NotAClassifier(model_path, "it does not end in probabilities. Use a model that TRAIN exported.")
        if self.output_size < MIN_CLASSES:
            raise NotAClassifier(model_path, "its output is a single number. Use a model that TRAIN exported.")
        self.labels = _labels(model_path, labels, self.output_size)
        if len(self.labels) != self.output_size:
            raise LabelCountMismatch(self.output_size, len(self.labels))

    @property
    def num_classes(self) -> int:
        """C, the number of classes."""
        return self.output_size

    @property
    def threshold(self) -> float | None:
        """The top probability that the model itself wants of an answer; None if it does not say."""
        return None if self._test is None else self._test.threshold

    def classify(self, image: ImageArray) -> FloatArray:
        """Give class probabilities, float32 (C,) in 0..1, for a picture (RGB, uint8, (H, W, 3))."""
        return self.run(image)

    def judge(self, image: ImageArray) -> Judgement:
        """Classify a picture, and tell how unlike everything taught it is."""
        answer = self.answer(image)
        probabilities, *embedding = answer.outputs
        novelty = self._test.novelty(embedding[0]) if self._test is not None and embedding else 0.0
        return Judgement(probabilities, novelty, answer.device)


def read_label_file(path: Path) -> tuple[str, ...]:
    """Read class labels: lines `0 apple`, `0: apple` or bare `apple`, in pycoral's rules.

    A line whose first part is a number names that class; a file of other lines names them in order.

    Raises:
        LabelsUnreadable: If the file is missing, is no UTF-8 text, or leaves a class without a name.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsUnreadable(f"the label file {path} cannot be read. Name another with --labels.") from error
    labels: dict[int, str] = {}
    for row, line in enumerate(line for line in lines if line.strip()):
        parts = re.split(r"[:\s]+", line.strip(), maxsplit=1)
        if len(parts) == 2 and parts[0].isdecimal():
            labels[int(parts[0])] = parts[1].strip()
        else:
            labels[row] = line.strip()
    if sorted(labels) != list(range(len(labels))):
        raise LabelsUnreadable(
            f"the label file {path} leaves out or repeats a class number. Number its lines 0, 1, 2, …"
        )
    return tuple(labels[index] for index in range(len(labels)))


def _embedding_of_test(model: bytes) -> tuple[int, ...]:
    test = read_novelty_test(model)
    return () if test is None else (test.embedding_tensor,)


def _labels(model_path: Path, given: Sequence[str] | None, num_classes: int) -> tuple[str, ...]:
    if given is not None:
        return tuple(given)
    beside = model_path.with_name("labels.txt")
    if beside.is_file():
        return read_label_file(beside)
    return tuple(f"class {index}" for index in range(num_classes))
