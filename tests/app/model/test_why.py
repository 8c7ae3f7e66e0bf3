"""Explanations of answers: exact where the graph allows it, by covering parts of the picture elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.explanation import Way
from app.model.why import Explainer
from learning.fit import fit_head
from learning.softmax_regression import SoftmaxRegression
from learning.tflite_export import append_head
from tests.support.extractors import tiny_extractor
from tests.support.graphs import RELU6, GraphBuilder
from tpu.classifier import ClassificationEngine
from tpu.errors import InferenceFailed
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime


def marked(colour: tuple[int, int, int], place: tuple[int, int], rng: np.random.Generator) -> Any:
    """A grey, noisy square with a blot of one colour at a place (row, column), of a 96-pixel picture."""
    picture = np.clip(rng.normal(120, 12, (96, 96, 3)), 0, 255).astype(np.uint8)
    cv2.circle(picture, (place[1], place[0]), 11, colour, -1)
    return picture


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> ClassificationEngine:
    """Taught red and blue blots, at all places."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("why") / "model.tflite"
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        places = rng.integers(20, 76, (24, 2))
        blots = [((220, 30, 30), (30, 60, 220))[n % 2] for n in range(24)]
        embeddings = np.stack([extractor.embed(marked(*one, rng)) for one in zip(blots, places, strict=True)])
        head = fit_head(embeddings, np.arange(24) % 2, 2, rng=rng).head
        head.label_map = {0: "red", 1: "blue"}
        path.write_bytes(append_head(extractor.model_bytes, head))
    return ClassificationEngine(path, trusted=True)


@pytest.mark.parametrize("place", [(24, 24), (70, 30), (48, 70)])
def test_the_cells_are_brightest_where_the_thing_is(engine: ClassificationEngine, place: tuple[int, int]) -> None:
    explainer = Explainer(engine)
    _, found = explainer.explain(marked((30, 60, 220), place, np.random.default_rng(1)))
    assert (explainer.way, found.way, found.winner, found.runner_up) == (Way.EXACT, Way.EXACT, 1, 0)
    soft = cv2.GaussianBlur(found.cells, (0, 0), 1)
    row, column = (np.array(np.unravel_index(soft.argmax(), soft.shape)) + 0.5) * 96 / len(soft)
    assert np.hypot(row - place[0], column - place[1]) <= 16
    assert found.cells.sum() == pytest.approx(found.margin, abs=0.3)
    explainer.close()


def test_the_explained_answer_is_the_answer_of_the_model(engine: ClassificationEngine) -> None:
    explainer, rng = Explainer(engine), np.random.default_rng(2)
    for _ in range(3):
        picture = rng.integers(0, 256, (70, 90, 3), np.uint8)
        expected, found = engine.judge(picture), explainer.explain(picture)[0]
        assert np.array_equal(found.probabilities, expected.probabilities)
        assert found.novelty == pytest.approx(expected.novelty)
    explainer.close()


def test_another_class_than_the_winner_can_be_explained_against_all_others(engine: ClassificationEngine) -> None:
    explainer, picture = Explainer(engine), marked((30, 60, 220), (40, 40), np.random.default_rng(3))
    against_one, against_all = (explainer.explain(picture, winner=0, against_all=both)[1] for both in (False, True))
    assert (against_one.winner, against_one.runner_up, against_all.against_all) == (0, 1, True)
    assert against_one.margin < 0
    assert np.allclose(against_one.cells, against_all.cells, atol=1e-4)  # of two classes, the others are the other
    explainer.close()


@pytest.mark.parametrize("ranks", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0)])
def test_of_classes_that_are_equally_improbable_the_one_with_the_larger_logit_is_the_runner_up(
    ranks: tuple[int, int, int], tmp_path: Path
) -> None:
    head = SoftmaxRegression(6, 3, weight_scale=0.01, rng=1)
    head.params["vec_b"] = np.array([10, -4, -9], np.float32)[list(ranks)]
    head.min_score, head.max_score = -12.0, 12.0
    (tmp_path / "model.tflite").write_bytes(append_head(tiny_extractor("uint8"), head))
    engine = ClassificationEngine(tmp_path / "model.tflite", trusted=True)
    judgement, found = Explainer(engine).explain(np.zeros((8, 8, 3), np.uint8))
    assert sorted(judgement.probabilities)[:2] == [0, 0]
    assert (found.winner, found.runner_up) == (ranks.index(0), ranks.index(1))
    engine.close()


def max_pooled(path: Path) -> ClassificationEngine:
    """A model without an explaining form, which answers by the brightest spot of red or blue."""
    graph = GraphBuilder(32)
    layer = graph.constant(np.eye(3).reshape(3, 1, 1, 3)), graph.constant(np.zeros(3))
    embedding = graph.flat(
        graph.pool(graph.convolution(graph.image, 3, shared=layer, activation=RELU6), 32, "MAX_POOL_2D")
    )
    head = SoftmaxRegression(3, 2, weight_scale=1.0, rng=1)
    head.params = {"mat_w": np.array([[5, -5], [0, 0], [-5, 5]], np.float32), "vec_b": np.zeros(2, np.float32)}
    path.write_bytes(append_head(graph.extractor(embedding), head))
    return ClassificationEngine(path, trusted=True)


def test_a_model_without_an_explaining_form_is_explained_by_covering_parts(tmp_path: Path) -> None:
    explainer = Explainer(max_pooled(tmp_path / "model.tflite"))
    picture = np.full((70, 70, 3), 60, np.uint8)
    picture[41:49, 11:19, 2] = 250
    _, found = explainer.explain(picture)
    assert (explainer.way, found.way, found.winner) == (Way.OCCLUSION, Way.OCCLUSION, 1)
    assert explainer.reason == "the model has a step that is not linear after its last maps: MAX_POOL_2D"
    assert np.unravel_index(found.cells.argmax(), found.cells.shape) == (4, 1)
    assert np.count_nonzero(found.cells > 0.01) == 1


def fails_on_blue(path: Path) -> ClassificationEngine:
    """A model that looks up a factor for red or green, whichever is brighter, and has none for blue."""
    graph = GraphBuilder(32)
    brightest = graph.add(
        "ARG_MAX", [graph.mean(graph.image), graph.constant(np.int32(3))], (1, 1, 1), "ArgMaxOptions", whole=True,
        outputType=2,
    )  # fmt: skip
    factors = graph.add("GATHER", [graph.constant(np.ones((2, 3))), brightest], (1, 1, 1, 3), "GatherOptions", axis=0)
    scaled = graph.add("MUL", [graph.image, factors], graph.shapes[graph.image], "MulOptions")
    embedding = graph.flat(graph.mean(graph.convolution(scaled, 3, kernel=3, stride=4)))
    path.write_bytes(append_head(graph.extractor(embedding), SoftmaxRegression(3, 2, weight_scale=1.0, rng=1)))
    return ClassificationEngine(path, trusted=True)


def test_a_picture_that_a_model_fails_on_is_one_error_and_the_next_is_answered(tmp_path: Path) -> None:
    explainer = Explainer(fails_on_blue(tmp_path / "model.tflite"))
    red, blue = np.zeros((2, 40, 40, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 200
    assert explainer.explain(red)[1].way is Way.EXACT
    for answer in (explainer.explain, fails_on_blue(tmp_path / "model.tflite").judge):
        with pytest.raises(InferenceFailed, match="out of bounds"):
            answer(blue)
    assert explainer.explain(red)[1].way is Way.EXACT
    explainer.close()


def test_a_form_that_must_not_be_made_is_not_made(engine: ClassificationEngine) -> None:
    explainer = Explainer(engine, exact=False)
    assert explainer.way is Way.OCCLUSION
    assert explainer.explain(marked((30, 60, 220), (40, 40), np.random.default_rng(4)))[1].cells.shape == (7, 7)


def test_a_compiled_model_is_explained_by_its_cpu_file(
    shared_models: Path, tmp_path: Path, shared_photos: Path
) -> None:
    rng = np.random.default_rng(5)
    head = SoftmaxRegression(1024, 3, weight_scale=0.3, rng=2)
    head.min_score, head.max_score = -20.0, 20.0
    paths = [tmp_path / "model_edgetpu.tflite", tmp_path / "model.tflite"]
    for path, suffix in zip(paths, ("_edgetpu", ""), strict=True):
        name = f"mobilenet_v1_1.0_224_quant_embedding_extractor{suffix}.tflite"
        path.write_bytes(append_head((shared_models / name).read_bytes(), head))
    explainer = Explainer(ClassificationEngine(paths[0]))
    _, found = explainer.explain(rng.integers(0, 256, (224, 224, 3), np.uint8))
    assert (explainer.way, found.cells.shape) == (Way.EXACT, (7, 7))
    assert found.cells.sum() == pytest.approx(found.margin, abs=0.5)
    explainer.close()
