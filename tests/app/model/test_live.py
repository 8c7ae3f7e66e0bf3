"""Observations by the extractor alone or by the live model, and the change from one model to the next."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.base.explanation import Way
from app.base.ports import Frame
from app.model.live import LiveModel, Vision
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.errors import ModelClosed
from tpu.extractor import EmbeddingExtractor

pytestmark = pytest.mark.needs_runtime


def picture(seed: int = 0) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    image.flags.writeable = False
    return image


@pytest.fixture
def extractor(tmp_path: Path) -> EmbeddingExtractor:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(tiny_extractor())
    return EmbeddingExtractor(path)


def engine(extractor: EmbeddingExtractor, path: Path, favourite: int, classes: int = 2) -> ClassificationEngine:
    """A model that always answers the same class."""
    head = SoftmaxRegression(extractor.feature_dim, classes, weight_scale=0.0, rng=0)
    head.params["vec_b"][favourite] = 5.0
    head.min_score, head.max_score = 0.0, 5.0
    path.write_bytes(append_head(extractor.model_bytes, head))
    return ClassificationEngine(path, labels=[str(n) for n in range(classes)])


def test_without_a_model_an_observation_holds_the_embedding(extractor: EmbeddingExtractor) -> None:
    vision = Vision(extractor, 3)
    seen = vision.observe(Frame(picture(), 0, 0.0))
    assert seen.probabilities is None
    assert np.array_equal(seen.embedding, extractor.embed(picture()))


def test_answers_are_explained_while_that_is_switched_on(extractor: EmbeddingExtractor, tmp_path: Path) -> None:
    vision = Vision(extractor, 4)
    path = tmp_path / "m.tflite"
    vision.go_live(LiveModel(engine(extractor, path, 1), path, class_indices=(0, 3), threshold=0.6))
    assert vision.observe(Frame(picture(), 0, 0.0)).why is None
    vision.explaining = True
    seen = vision.observe(Frame(picture(), 1, 0.1))
    assert (seen.why.way, seen.why.winner, seen.why.runner_up) == (Way.EXACT, 3, 0)  # rows of the kiosk's classes
    assert seen.why.cells.sum() == pytest.approx(5.0, abs=0.05)
    assert seen.probabilities[3] > 0.98


def test_covering_parts_of_the_picture_does_not_hold_up_every_answer(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    vision, path = Vision(extractor, 2), tmp_path / "m.tflite"
    vision.go_live(LiveModel(engine(extractor, path, 1), path, (0, 1), 0.6, may_open_form=False))
    vision.explaining = True
    seen = [vision.observe(Frame(picture(), number, 0.5 * number)) for number in range(9)]
    assert [one.why is not None for one in seen] == [True, False, False, False] * 2 + [True]
    assert {one.why.way for one in seen if one.why is not None} == {Way.OCCLUSION}
    assert all(one.probabilities is not None for one in seen)


def test_classes_without_samples_have_probability_zero(extractor: EmbeddingExtractor, tmp_path: Path) -> None:
    vision = Vision(extractor, 4)
    path = tmp_path / "m.tflite"
    vision.go_live(LiveModel(engine(extractor, path, 1), path, class_indices=(0, 3), threshold=0.6))
    seen = vision.observe(Frame(picture(), 0, 0.0))
    assert seen.probabilities[[1, 2]].tolist() == [0, 0]
    assert seen.probabilities.argmax() == 3
    assert (seen.threshold, seen.model_path) == (0.6, path)


def test_a_new_model_answers_from_the_next_frame_and_the_old_one_is_closed(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    vision = Vision(extractor, 2)
    old, new = engine(extractor, tmp_path / "a.tflite", 0), engine(extractor, tmp_path / "b.tflite", 1)
    vision.go_live(LiveModel(old, tmp_path / "a.tflite", (0, 1), 0.5))
    assert vision.observe(Frame(picture(), 0, 0.0)).probabilities.argmax() == 0
    vision.go_live(LiveModel(new, tmp_path / "b.tflite", (0, 1), 0.5))
    assert vision.observe(Frame(picture(), 1, 0.0)).probabilities.argmax() == 1
    with pytest.raises(ModelClosed) as caught:
        old.classify(picture())
    assert str(caught.value) == "the model a is closed. Open it again."
    vision.go_live(None)
    assert vision.observe(Frame(picture(), 2, 0.0)).probabilities is None


def test_a_new_model_is_asked_at_once_and_its_answer_can_be_waited_for(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    vision, frame = Vision(extractor, 2), Frame(picture(), 0, 0.0)
    asked, answers = threading.Event(), threading.Event()
    vision.ask_again = asked.set
    path = tmp_path / "m.tflite"
    model = LiveModel(engine(extractor, path, 1), path, class_indices=(0, 1), threshold=0.6)

    def observe() -> None:
        vision.observe(frame)
        answers.set()
        asked.wait(20)
        vision.observe(frame)

    observer = threading.Thread(target=observe)
    observer.start()
    assert answers.wait(20)
    vision.go_live(model)
    assert vision.wait_for_answer(20.0)
    observer.join(20)


def test_nobody_waits_for_an_answer_that_only_he_himself_could_ask_for(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    vision, path = Vision(extractor, 2), tmp_path / "m.tflite"
    model = LiveModel(engine(extractor, path, 1), path, class_indices=(0, 1), threshold=0.6)
    vision.go_live(model)
    assert not vision.wait_for_answer(1e6)  # nobody has observed anything
    vision.go_live(None)
    vision.observe(Frame(picture(), 0, 0.0))
    vision.go_live(replace(model, engine=engine(extractor, path, 0)))
    assert not vision.wait_for_answer(1e6)
    vision.observe(Frame(picture(), 1, 0.1))
    assert vision.wait_for_answer(0.0)
