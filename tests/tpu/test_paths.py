"""Public functions accept a path as text or as a Path, and name a file that cannot be read in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import tiny_extractor
from tpu.classifier import ClassificationEngine, read_label_file
from tpu.counterparts import cpu_counterpart, cpu_file_name
from tpu.edgetpu.accelerator import is_compiled
from tpu.edgetpu.devices import list_accelerators
from tpu.errors import RuntimeLayerError
from tpu.extractor import EmbeddingExtractor
from tpu.models import KNOWN_MODELS, extractor_path, is_intact, local_path
from tpu.novelty import read_novelty_test
from tpu.tensors import read_picture

pytestmark = pytest.mark.needs_runtime
IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
Read = Callable[[str | Path], object]
READERS: dict[str, Read] = {
    "extractor": EmbeddingExtractor,
    "classifier": ClassificationEngine,
    "novelty test": read_novelty_test,
    "labels": read_label_file,
    "picture": read_picture,
}
PICTURE_FILES = "Name a JPEG, PNG, BMP, WebP or TIFF file."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An extractor, a classifier with labels, and a picture."""
    head = SoftmaxRegression(6, 2, rng=0)
    head.min_score, head.max_score = -1.0, 1.0
    (tmp_path / "extractor.tflite").write_bytes(tiny_extractor())
    (tmp_path / "model.tflite").write_bytes(append_head(tiny_extractor(), head))
    (tmp_path / "labels.txt").write_text("0 apple\n1 cup\n")
    cv2.imwrite(str(tmp_path / "picture.png"), IMAGE)
    return tmp_path


def test_text_and_path_name_the_same_file(folder: Path) -> None:
    extractor, model, labels = (folder / name for name in ("extractor.tflite", "model.tflite", "labels.txt"))
    with EmbeddingExtractor(str(extractor)) as one, EmbeddingExtractor(extractor) as other:
        assert (one.name, one.embed(IMAGE).tolist()) == ("extractor", other.embed(IMAGE).tolist())
    assert ClassificationEngine(str(model)).labels == ClassificationEngine(model).labels == ("apple", "cup")
    assert read_label_file(str(labels)) == read_label_file(labels) == ("apple", "cup")
    assert read_novelty_test(str(model)) is read_novelty_test(model) is read_novelty_test(model.read_bytes()) is None
    assert np.array_equal(read_picture(str(folder / "picture.png")), read_picture(folder / "picture.png"))
    assert extractor_path(str(extractor)) == extractor_path(extractor) == extractor
    assert local_path(KNOWN_MODELS[0], str(folder)) == local_path(KNOWN_MODELS[0], folder)
    assert not is_intact(KNOWN_MODELS[0], str(folder))
    compiled = folder / "extractor_edgetpu.tflite"
    assert cpu_file_name(str(compiled)) == cpu_file_name(compiled) == "extractor.tflite"
    assert cpu_counterpart(str(compiled)) == cpu_counterpart(compiled) == extractor
    assert not is_compiled(str(extractor))
    assert list_accelerators(str(folder), str(folder)) == list_accelerators(folder, folder) == ()


@pytest.mark.parametrize("as_given", [str, Path])
@pytest.mark.parametrize("what", READERS)
def test_a_missing_file_and_a_folder_are_named_with_the_next_step(
    what: str, as_given: Callable[[Path], str | Path], tmp_path: Path
) -> None:
    missing, folder = tmp_path / "missing", tmp_path
    no_file, is_folder = "No such file or directory", "Is a directory"
    expected = {
        "labels": [f"the label file {path} cannot be read. Name another with --labels." for path in (missing, folder)],
        "picture": [
            f"{missing} cannot be read: {no_file}. {PICTURE_FILES}",
            f"{folder} cannot be read: {is_folder}. {PICTURE_FILES}",
        ],
    }.get(
        what,
        [
            f"the model {missing} cannot be used: {no_file}. Name an existing .tflite file.",
            f"the model {folder} cannot be used: {is_folder}. Name a .tflite file that can be read.",
        ],
    )
    for path, text in zip((missing, folder), expected, strict=True):
        with pytest.raises(RuntimeLayerError) as caught:
            READERS[what](as_given(path))
        assert str(caught.value) == text


@pytest.mark.parametrize("what", READERS)
def test_a_path_with_a_null_character_is_an_error_of_this_package(what: str) -> None:
    with pytest.raises(RuntimeLayerError):
        READERS[what]("null\0character")
