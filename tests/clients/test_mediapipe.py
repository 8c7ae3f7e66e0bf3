"""An exported model opened by MediaPipe Tasks' ImageClassifier, which knows nothing of this project."""

from __future__ import annotations

from pathlib import Path

import mediapipe as mp
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions, vision

from app.base.ports import ImageArray
from app.demo.camera import DemonstrationCamera
from learning.fit import fit_head
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import prepare_picture

pytestmark = pytest.mark.needs_mediapipe

NAMES = ("2 fingers", "C: drive", "Äpfel")
TOLERANCE = 2 / 256  # MediaPipe gives float scores of the same 8-bit probabilities


def views(kind: str, count: int, size_px: int, camera: DemonstrationCamera) -> list[ImageArray]:
    camera.show(kind)
    seen = []
    for _ in range(count):
        camera.new_view()
        seen.append(prepare_picture(camera.read(), size_px))
    return seen


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ImageArray]]:
    """A model of three things with names that trip label readers, and new views of each."""
    camera = DemonstrationCamera(sleep=lambda _s: None)
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        size_px = extractor.input_size_px
        known = [views(kind, 8, size_px, camera) for kind in camera.kinds[: len(NAMES)]]
        x = np.stack([extractor.embed(picture) for pictures in known for picture in pictures])
        head = fit_head(x, np.repeat(np.arange(len(NAMES)), 8), len(NAMES), rng=np.random.default_rng(0)).head
        head.label_map = dict(enumerate(NAMES))
        path = tmp_path_factory.mktemp("exported") / "model.tflite"
        path.write_bytes(append_head(extractor.model_bytes, head))
    return path, [one for kind in camera.kinds[: len(NAMES)] for one in views(kind, 4, size_px, camera)]


def test_mediapipe_names_our_classes_and_returns_the_same_answers(taught: tuple[Path, list[ImageArray]]) -> None:
    path, pictures = taught
    ours = ClassificationEngine(path, labels=NAMES)
    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=str(path)))
    with vision.ImageClassifier.create_from_options(options) as theirs:
        for picture in pictures:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
            (answer,) = theirs.classify(image).classifications
            scores = {one.category_name: one.score for one in answer.categories}
            expected = dict(zip(NAMES, ours.classify(picture), strict=True))
            assert set(scores) == set(NAMES)
            assert max(scores, key=scores.__getitem__) == max(expected, key=expected.__getitem__)
            assert all(abs(scores[name] - expected[name]) <= TOLERANCE for name in NAMES)
    ours.close()
