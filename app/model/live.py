"""Turn frames into observations with the current model, which can be replaced between two frames.

Before the first training only the extractor runs and returns embeddings. After it an exported model returns
probabilities.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import numpy as np

from app.base.explanation import Explanation, Way
from app.base.ports import Frame
from app.model.observation import Observation
from app.model.why import Explainer
from tpu.classifier import ClassificationEngine, Judgement
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import ImageArray, centre_crop

OCCLUSION_EVERY_S = 2.0  # 49 answers a picture: the bars must go on between two


@dataclass(frozen=True, eq=False)
class LiveModel:
    """An exported model, and how its rows map to the classes of the kiosk.

    Attributes:
        class_indices: The class index in the kiosk for every row of the model. Classes without samples have no row.
        threshold: Below this top probability the answer is "not sure".
        num_classes: Number of classes of the kiosk while this model answers; None means that of `Vision`.
        may_open_form: Whether to look for an explaining form. It runs where the model itself runs.
    """

    engine: ClassificationEngine
    path: Path
    class_indices: tuple[int, ...]
    threshold: float
    num_classes: int | None = None
    may_open_form: bool = True


class Vision:
    """Turns frames into observations with the exported model, or with the extractor if there is no model.

    Attributes:
        num_classes: Number of classes of the kiosk; it may change.
        crop_share: Edge of the cropped square as a share of the largest one; below 1 if the camera is zoomed.
        explaining: Whether answers are explained; it may change. Exact explanations come with every answer, those by
            covering parts of the picture every OCCLUSION_EVERY_S.
        against_all: Whether explanations compare the winner with all others, not only with the runner-up.
        ask_again: Called when a model goes live; it may have the newest frame observed again.
    """

    def __init__(self, extractor: EmbeddingExtractor, num_classes: int) -> None:
        self._extractor = extractor
        self.num_classes = num_classes
        self.crop_share = 1.0
        self.explaining = False
        self.against_all = False
        self.ask_again: Callable[[], None] = lambda: None
        self._answered = threading.Condition()
        self._answers: LiveModel | None = None
        self._observer: threading.Thread | None = None
        self._explainer: tuple[LiveModel, Explainer] | None = None
        self._occluded_at_s = -math.inf
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
        if model is not None:
            self.ask_again()

    def wait_for_answer(self, timeout_s: float) -> bool:
        """Wait until the current model has answered; return whether it has.

        Returns at once if no other thread observes frames: then nobody asks the model meanwhile.
        """
        with self._answered:
            if self._answers is self._model or self._observer in (None, threading.current_thread()):
                return self._answers is self._model
            return self._answered.wait_for(lambda: self._answers is self._model, timeout_s)

    def withdraw(self, model: LiveModel) -> None:
        """Stop using `model`, if it is still the current one."""
        with self._swap:
            if self._model is model:
                self._retired.append(model)
                self._model = None

    def look_again(self, frame: Frame) -> Observation | None:
        """Run the current model on a frame that was kept, and explain the answer; None without a model.

        Any thread may call it: it opens a form of its own.
        """
        model = self._model
        if model is None:
            return None
        explainer = _explainer(model)
        try:
            judged, why = explainer.explain(centre_crop(frame.image, self.crop_share), against_all=self.against_all)
        finally:
            explainer.close()
        return self._observation(frame, model, judged, why)

    def explanations(
        self, squares: Sequence[tuple[ImageArray, int, int]], enough: Callable[[], bool] = lambda: False
    ) -> list[Explanation]:
        """Explain the answers to pictures that were stored. Any thread may call it.

        Args:
            squares: Square pictures, RGB, uint8, (S, S, 3), each with the row of the model that was answered and the
                row that would have been right; where these are the same, the runner-up takes the place of the latter.
            enough: Asked before each picture; True leaves out the others.

        Returns:
            One explanation for each picture, with the kiosk's rows; none at all without a model, or if it can only be
            explained by covering parts of the pictures, which takes long.
        """
        model = self._model
        if model is None or not squares:
            return []
        explainer = _explainer(model)
        try:
            if explainer.way is not Way.EXACT:
                return []
            explained = [
                explainer.explain(square, winner=answer, other=truth if truth != answer else None)[1]
                for square, answer, truth in takewhile(lambda _: not enough(), squares)
            ]
        finally:
            explainer.close()
        return [_with_kiosk_rows(one, model.class_indices) for one in explained]

    def observe(self, frame: Frame) -> Observation:
        """Run the model on a frame. Call it from one thread at a time."""
        with self._swap:
            model, retired, self._retired = self._model, self._retired, []
        for old in retired:
            if self._explainer is not None and self._explainer[0] is old:
                self._explainer[1].close()
                self._explainer = None
            old.engine.close()
        square = centre_crop(frame.image, self.crop_share)
        observation = self._seen(frame, model, square)
        with self._answered:
            self._observer, self._answers = threading.current_thread(), model
            self._answered.notify_all()
        return observation

    def _seen(self, frame: Frame, model: LiveModel | None, square: ImageArray) -> Observation:
        if model is None:
            answer = self._extractor.answer(square)
            return Observation(frame, embedding=answer.outputs[0], device=answer.device)
        judged, why = self._explained(model, square, frame.captured_at_s)
        return self._observation(frame, model, judged, why)

    def _observation(self, frame: Frame, model: LiveModel, judged: Judgement, why: Explanation | None) -> Observation:
        probabilities = np.zeros(model.num_classes or self.num_classes, np.float32)
        probabilities[list(model.class_indices)] = judged.probabilities
        return Observation(
            frame,
            probabilities=probabilities,
            device=judged.device,
            threshold=model.threshold,
            model_path=model.path,
            novelty=judged.novelty,
            why=why and _with_kiosk_rows(why, model.class_indices),
        )

    def close(self) -> None:
        """Close the models. The extractor is left open, because `Vision` did not open it."""
        with self._swap:
            models = [*self._retired, *([self._model] if self._model else [])]
            self._model, self._retired = None, []
        if self._explainer is not None:
            self._explainer[1].close()
        for model in models:
            model.engine.close()

    def _explained(self, model: LiveModel, square: ImageArray, now_s: float) -> tuple[Judgement, Explanation | None]:
        """Answer, and explain if that is switched on and, where it is slow, due again."""
        if not self.explaining:
            return model.engine.judge(square), None
        if self._explainer is None or self._explainer[0] is not model:
            if self._explainer is not None:
                self._explainer[1].close()
            self._explainer = model, _explainer(model)
        explainer = self._explainer[1]
        if explainer.way is Way.OCCLUSION:
            if 0 <= now_s - self._occluded_at_s < OCCLUSION_EVERY_S:
                return model.engine.judge(square), None
            self._occluded_at_s = now_s
        return explainer.explain(square, against_all=self.against_all)


def _explainer(model: LiveModel) -> Explainer:
    return Explainer(model.engine, runtime=model.engine.runtime_name, exact=model.may_open_form)


def _with_kiosk_rows(why: Explanation, class_indices: tuple[int, ...]) -> Explanation:
    return replace(why, winner=class_indices[why.winner], runner_up=class_indices[why.runner_up])
