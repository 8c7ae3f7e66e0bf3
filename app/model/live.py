"""Turn frames into observations with the current model, which can be replaced between two frames.

Before the first training only the extractor runs and returns embeddings. After it an exported model returns
probabilities.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.base.ports import Frame
from app.model.observation import Observation
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import centre_crop


@dataclass(frozen=True, eq=False)
class LiveModel:
    """An exported model, and how its rows map to the classes of the kiosk.

    Attributes:
        class_indices: The class index in the kiosk for every row of the model. Classes without samples have no row.
        threshold: Below this top probability the answer is "not sure".
        num_classes: Number of classes of the kiosk while this model answers; None means that of `Vision`.
    """

    engine: ClassificationEngine
    path: Path
    class_indices: tuple[int, ...]
    threshold: float
    num_classes: int | None = None


class Vision:
    """Turns frames into observations with the exported model, or with the extractor if there is no model.

    Attributes:
        num_classes: Number of classes of the kiosk; it may change.
        crop_share: Edge of the cropped square as a share of the largest one; below 1 if the camera is zoomed.
    """

    def __init__(self, extractor: EmbeddingExtractor, num_classes: int) -> None:
        self._extractor = extractor
        self.num_classes = num_classes
        self.crop_share = 1.0
        self._swap = threading.Lock()
        self._model: LiveModel | None = None
        self._retired: list[LiveModel] = []

    @property
    def model(self) -> LiveModel | None:
        """The current exported model."""
        return self._model

    def go_live(self, model: LiveModel | None) -> None:
        """Use `model` from the next frame on; None uses the extractor alone."""
        with self._swap:
            if self._model is not None:
                self._retired.append(self._model)
            self._model = model

    def withdraw(self, model: LiveModel) -> None:
        """Stop using `model`, if it is still the current one."""
        with self._swap:
            if self._model is model:
                self._retired.append(model)
                self._model = None

    def observe(self, frame: Frame) -> Observation:
        """Run the model on a frame. Call it from one thread at a time."""
        with self._swap:
            model, retired, self._retired = self._model, self._retired, []
        for old in retired:
            old.engine.close()
        square = centre_crop(frame.image, self.crop_share)
        if model is None:
            answer = self._extractor.answer(square)
            return Observation(frame, embedding=answer.outputs[0], device=answer.device)
        probabilities = np.zeros(model.num_classes or self.num_classes, np.float32)
        judged = model.engine.judge(square)
        probabilities[list(model.class_indices)] = judged.probabilities
        return Observation(
            frame,
            probabilities=probabilities,
            device=judged.device,
            threshold=model.threshold,
            model_path=model.path,
            novelty=judged.novelty,
        )

    def close(self) -> None:
        """Close the models. The extractor is left open, because `Vision` did not open it."""
        with self._swap:
            models = [*self._retired, *([self._model] if self._model else [])]
            self._model, self._retired = None, []
        for model in models:
            model.engine.close()
