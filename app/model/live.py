"""The model that answers now, and how a frame becomes an observation.

Before the first training the extractor answers with embeddings; afterwards an exported model answers with
probabilities. A new model takes the place of the old one between two frames.
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
    """An exported model that answers, and how its rows map to the kiosk's classes.

    Attributes:
        class_indices: For every row of the model its class index in the kiosk; classes that had no samples
            when it was trained are not in it.
        threshold: Below this top probability the answer is "not sure".
        num_classes: Of the kiosk while this model answers; None is as many as it was started with.
    """

    engine: ClassificationEngine
    path: Path
    class_indices: tuple[int, ...]
    threshold: float
    num_classes: int | None = None


class Vision:
    """Turns frames into observations with the exported model where there is one, else with the extractor.

    Attributes:
        num_classes: Of the kiosk; may change while it runs.
        crop_share: The edge of the square that is looked at, as a share of the largest one: less where it is zoomed.
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
        """The exported model that answers now."""
        return self._model

    def go_live(self, model: LiveModel | None) -> None:
        """Let `model` answer from the next frame on; None goes back to the extractor alone."""
        with self._swap:
            if self._model is not None:
                self._retired.append(self._model)
            self._model = model

    def withdraw(self, model: LiveModel) -> None:
        """Let `model` answer no more; whatever else answers by now goes on."""
        with self._swap:
            if self._model is model:
                self._retired.append(model)
                self._model = None

    def observe(self, frame: Frame) -> Observation:
        """Say what the model sees. Called from one thread at a time."""
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
        """Close the models; the extractor belongs to whoever opened it."""
        with self._swap:
            models = [*self._retired, *([self._model] if self._model else [])]
            self._model, self._retired = None, []
        for model in models:
            model.engine.close()
