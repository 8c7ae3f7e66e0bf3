"""ClassificationEngine: runs an exported model and names its classes."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tpu.archives import read_member
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.errors import LabelCountMismatch, LabelsUnreadable, ModelUnreadable, NotAClassifier, StrPath
from tpu.guarded.process import GuardedChild
from tpu.model import PictureModel
from tpu.model_file import last_operator
from tpu.novelty import NoveltyTest, read_novelty_test
from tpu.plain_files import read_plain_file
from tpu.runtime import CPU
from tpu.tensors import FloatArray, ImageArray

logger = logging.getLogger(__name__)

MIN_CLASSES = 2
LARGEST_LABELS_BYTES = 1 << 20
LABELS_INSIDE = "labels.txt"  # of TFLite Model Metadata, in the zip archive behind the model: one label per line
PROBABILITY_OPERATORS = {"SOFTMAX", "LOGISTIC", "CUSTOM"}  # CUSTOM is a compiled model, which may contain either


@dataclass(frozen=True, eq=False)
class Judgement:
    """The class probabilities of a picture, and how different it is from everything taught.

    Attributes:
        probabilities: float32 (C,), 0..1.
        novelty: At most 1 if the picture is like something taught; 0 if the model has no novelty test.
        device: The device that computed it: "cpu", "usb:N" or "pci:N".
    """

    probabilities: FloatArray
    novelty: float
    device: str = CPU

    def is_known(self, threshold: float) -> bool:
        """Return whether a class can be named, rather than "not sure"."""
        return bool(self.probabilities.max() >= threshold and self.novelty <= 1)


class ClassificationEngine(PictureModel):
    """An exported model with its class labels.

    Args:
        model_path: A `.tflite` with one square RGB picture in and one vector of class probabilities out.
        labels: Class labels in the order of the output. None reads `labels.txt` beside the model; if there is no such
            file, the labels inside the model; if it contains none, the classes are numbered.
        runtime, device, num_threads, accelerator: See `EmbeddingExtractor`.
        counterpart: The CPU file of a compiled model; None searches for it by name.
        data, trusted, guard: See `tpu.model.PictureModel`.

    Raises:
        NotAClassifier: If its output is not a vector of probabilities.
        LabelsUnreadable: If `labels.txt` cannot be read.
        LabelCountMismatch: If there are more or fewer labels than classes.
        ModelUnreadable, ModelUnsupported, RuntimeNotInstalled, AcceleratorUnavailable: See `EmbeddingExtractor`.
    """

    def __init__(
        self,
        model_path: StrPath,
        *,
        labels: Sequence[str] | None = None,
        runtime: str = "auto",
        device: str = "auto",
        num_threads: int = 1,
        accelerator: EdgeTpuSupervisor | None = None,
        counterpart: StrPath | None = None,
        data: bytes | None = None,
        trusted: bool | None = None,
        guard: GuardedChild | None = None,
    ) -> None:
        self._test: NoveltyTest | None = None
        super().__init__(
            model_path,
            runtime=runtime,
            device=device,
            num_threads=num_threads,
            accelerator=accelerator,
            counterpart=counterpart,
            find_tensors=self._embedding_tensor,
            data=data,
            trusted=trusted,
            guard=guard,
        )
        if self._test is not None and self.further_sizes != (len(self._test.centre),):
            raise ModelUnreadable(
                model_path, "its test for unknown things does not fit it. Use a complete .tflite file."
            )
        if last_operator(self.model_bytes) not in PROBABILITY_OPERATORS:
            raise NotAClassifier(model_path, "it does not end in probabilities. Use a model that TRAIN exported.")
        if self.output_size < MIN_CLASSES:
            raise NotAClassifier(model_path, "its output is a single number. Use a model that TRAIN exported.")
        self.labels = _labels(Path(model_path), self.model_bytes, labels, self.output_size)
        if len(self.labels) != self.output_size:
            raise LabelCountMismatch(self.output_size, len(self.labels))

    @property
    def num_classes(self) -> int:
        """C, the number of classes."""
        return self.output_size

    @property
    def threshold(self) -> float | None:
        """The top probability that an answer needs, 0..1, as stored in the model; None if it stores none."""
        return None if self._test is None else self._test.threshold

    def classify(self, image: ImageArray) -> FloatArray:
        """Return class probabilities, float32 (C,) in 0..1, of a picture (RGB, uint8, (H, W, 3))."""
        return self.run(image)

    def judge(self, image: ImageArray) -> Judgement:
        """Classify a picture (RGB, uint8, (H, W, 3)) and test whether it is like something taught."""
        answer = self.answer(image)
        probabilities, *embedding = answer.outputs
        novelty = self._test.novelty(embedding[0]) if self._test is not None and embedding else 0.0
        return Judgement(probabilities, novelty, answer.device)

    def _embedding_tensor(self, model: bytes) -> tuple[int, ...]:
        """Return the index of the embedding in the model, or in its CPU counterpart; keep the test of the model."""
        test = read_novelty_test(model)
        if model is self.model_bytes:
            self._test = test
        return () if test is None else (test.embedding_tensor,)


def read_label_file(path: StrPath) -> tuple[str, ...]:
    """Read class labels from lines such as `0 apple`, `0: apple` or `apple`, by the rules of pycoral.

    A line that starts with a number, and has more text, labels the class of that number; numbers start at 0. Other
    lines label the classes in order.

    Raises:
        LabelsUnreadable: If the file is missing, no plain file, not UTF-8, or leaves a class without a label.

    Source:
        pycoral.utils.dataset.read_label_file
    """
    try:
        data = read_plain_file(Path(path), LARGEST_LABELS_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise LabelsUnreadable(path, "cannot be read. Name another with --labels.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = data.count(b"\n", 0, error.start) + 1
        raise LabelsUnreadable(path, f"is not UTF-8 text (line {place}). Save it as UTF-8.") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    found: list[tuple[int, str]] = []
    for row, (_number, line) in enumerate(lines):
        numbered = re.fullmatch(r"(\d{1,9})(?:\s*:\s+|\s+|:)(.+)", line)
        found.append((row, line) if numbered is None else (int(numbered[1]), numbered[2].strip()))
    _check_numbers(path, lines, [index for index, _ in found])
    return tuple(label for _, label in sorted(found))


def _check_numbers(path: StrPath, lines: Sequence[tuple[int, str]], indices: Sequence[int]) -> None:
    """Check that the class numbers of the lines of a label file are 0, 1, 2, … in any order.

    Raises:
        LabelsUnreadable: Naming the line and the rule.
    """
    if sorted(indices) == list(range(len(indices))):
        return
    if sorted(indices) == list(range(1, len(indices) + 1)):
        raise LabelsUnreadable(path, "counts its classes from 1. Number its lines 0, 1, 2, …")
    odd = next(place for place, index in enumerate(indices) if index >= len(indices) or index in indices[:place])
    number, line = lines[odd]
    of_line = f"(line {number}: {line[:40]!r})"
    if indices[odd] >= len(indices):
        raise LabelsUnreadable(
            path,
            f"has a line that starts with a number, so it labels the class {indices[odd]} {of_line}. "
            "Number all lines: 0, 1, 2, …",
        )
    raise LabelsUnreadable(path, f"labels the class {indices[odd]} twice {of_line}. Number its lines 0, 1, 2, …")


def _labels(model_path: Path, model: bytes, given: Sequence[str] | None, num_classes: int) -> tuple[str, ...]:
    if given is not None:
        return tuple(given)
    beside = model_path.with_name("labels.txt")
    if beside.is_file():
        return read_label_file(beside)
    inside = _labels_inside(model)
    if len(inside) == num_classes:
        return inside
    if inside:
        logger.warning(
            "the model %s contains %d labels for %d classes, so they are not used. Name a label file.",
            model_path,
            len(inside),
            num_classes,
        )
    return tuple(f"class {index}" for index in range(num_classes))


def _labels_inside(model: bytes) -> tuple[str, ...]:
    """The labels in the archive behind a model; empty if it has none, or none that can be read."""
    text = read_member(model, LABELS_INSIDE, LARGEST_LABELS_BYTES)
    try:
        lines = (text or b"").decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return ()
    return tuple(label for line in lines if (label := line.strip()))
