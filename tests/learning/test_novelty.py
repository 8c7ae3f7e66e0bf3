"""The test behind "not sure": it is calibrated, recognises what was not taught, and is the same in the engine."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from learning.fit import fit_head
from learning.novelty import NOVELTY_FILE, REFUSED_FRACTION
from learning.novelty_fit import LIMIT_MARGINS
from learning.tflite_export import append_head
from tests.support.extractors import Kind, tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.novelty import read_novelty_test

pytestmark = pytest.mark.needs_runtime


def things(kinds: int, views: int, features: int, seed: int, *, positive: bool = False) -> tuple[Any, Any]:
    """Return embeddings of views of things: kinds differ in some directions, and views of the same kind in others."""
    world = np.random.default_rng(99)
    what, how = world.normal(0, 1, (kinds, features)), world.normal(0, 1, (12, features)) / 3
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(kinds), views)
    x = what[y] + rng.normal(0, 1, (len(y), 12)) @ how + rng.normal(0, 0.3, (len(y), features))
    return (np.maximum(x, 0) if positive else x).astype(np.float32), y


def novelty_by_formula(arrays: Any, x: Any) -> Any:
    """Compute novelties from the arrays in the file by the formula, in double precision."""
    a = {name: np.asarray(value, np.float64) for name, value in arrays.items()}
    centred = (np.sign(x) * np.sqrt(np.abs(x)) if a["roots"] else x) - a["centre"]
    position = centred @ a["axes"].T
    residual = ((centred**2).sum(axis=1) - ((centred @ a["directions"].T) ** 2).sum(axis=1)) / a["shrink"] - (
        position**2
    ).sum(axis=1)
    offsets = position[:, np.newaxis] - a["means"]
    return a["precision"] * (offsets**2).sum(axis=2).min(axis=1) + a["aside"] * np.maximum(residual, 0)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize(("known", "views"), [(2, 20), (5, 20), (5, 80)])
def test_new_kinds_are_refused_and_new_views_of_taught_kinds_are_not(known: int, views: int, positive: bool) -> None:
    x, y = things(8, views, 120, seed=0, positive=positive)
    fresh, kind = things(8, 100, 120, seed=1, positive=positive)
    fit = fit_head(x[y < known], y[y < known], known, rng=np.random.default_rng(0))
    assert fit.head.not_sure["roots"]
    novelty = novelty_by_formula(fit.head.not_sure, fresh)
    assert (novelty[kind < known] > 1).mean() <= 0.05 + 1 / views
    assert (novelty[kind >= known] > 1).mean() > 0.95


def test_the_refused_fraction_of_held_out_samples_is_the_one_that_was_set() -> None:
    x, y = things(4, 100, 120, seed=0)
    novelties = fit_head(x, y, 4, rng=np.random.default_rng(0)).novelties
    assert novelties.shape == (400,)
    assert (novelties > 1 / LIMIT_MARGINS["holds"]).mean() == pytest.approx(REFUSED_FRACTION, abs=0.01)


@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_the_engine_computes_the_novelty_of_its_own_file_s_embedding(kind: Kind, tmp_path: Path) -> None:
    extractor, rng = tiny_extractor(kind), np.random.default_rng(5)
    x = rng.normal(0, 1, (60, 6)).astype(np.float32)
    fit = fit_head(x, np.arange(60) % 3, 3, rng=rng)
    data = append_head(extractor, fit.head)
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    picture = rng.integers(0, 256, (8, 8, 3), np.uint8)
    plain = Interpreter(model_content=extractor)
    plain.allocate_tensors()
    entry, output = plain.get_input_details()[0], plain.get_output_details()[0]
    pixels = {"uint8": picture, "int8": (picture.astype(int) - 128).astype(np.int8)}.get(
        kind, (picture / 127.5 - 1).astype(np.float32)
    )
    plain.set_tensor(entry["index"], pixels[np.newaxis])
    plain.invoke()
    raw = plain.get_tensor(output["index"]).astype(np.float64)
    scale, zero_point = output["quantization"]
    embedding = scale * (raw - zero_point) if scale else raw
    with zipfile.ZipFile(io.BytesIO(data)) as archive, np.load(io.BytesIO(archive.read(NOVELTY_FILE))) as arrays:
        expected = novelty_by_formula(arrays, embedding)[0]
    engine = ClassificationEngine(path)
    assert engine.judge(picture).novelty == pytest.approx(expected, rel=0.01)
    assert engine.threshold == pytest.approx(fit.threshold)


def test_a_model_without_a_test_refuses_nothing_as_new(tmp_path: Path) -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    head.not_sure = None
    path = tmp_path / "model.tflite"
    path.write_bytes(append_head(tiny_extractor(), head))
    engine = ClassificationEngine(path)
    assert engine.judge(np.zeros((8, 8, 3), np.uint8)).novelty == 0
    assert engine.threshold is None


def test_a_test_of_another_version_is_ignored() -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    assert read_novelty_test(append_head(tiny_extractor(), head)) is not None
    head.not_sure = {**head.not_sure, "version": np.int32(3)}
    assert read_novelty_test(append_head(tiny_extractor(), head)) is None


@pytest.mark.parametrize("name", ["version", "threshold", "shrink"])
@pytest.mark.parametrize("value", [np.inf, np.nan, np.zeros(2), np.zeros(0)], ids=str)
def test_a_test_whose_numbers_are_none_is_ignored(name: str, value: Any) -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    head.not_sure = {**head.not_sure, name: np.asarray(value, np.float32)}
    assert read_novelty_test(append_head(tiny_extractor(), head)) is None


@pytest.mark.parametrize("name", ["centre", "axes", "means", "precision", "directions"])
def test_a_test_whose_arrays_do_not_fit_together_is_ignored(name: str) -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    one = np.asarray(head.not_sure[name])
    for other in (np.zeros((*one.shape, 2)), np.zeros((*one.shape[:-1], 9)), np.full(one.shape, np.nan)):
        head.not_sure = {**head.not_sure, name: other.astype(one.dtype)}
        assert read_novelty_test(append_head(tiny_extractor(), head)) is None


def test_the_archive_has_both_the_labels_and_the_test() -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    head.label_map = {0: "apple", 1: "cup"}
    with zipfile.ZipFile(io.BytesIO(append_head(tiny_extractor(), head))) as archive:
        assert sorted(archive.namelist()) == ["labels.txt", NOVELTY_FILE]
        assert archive.read("labels.txt") == b"apple\ncup\n"


@pytest.mark.parametrize("shots", [2, 3, 20])
def test_classes_of_identical_pictures_accept_a_nearly_identical_view(shots: int) -> None:
    """Every sample of a class is the same, as of a still object before a camera without noise."""
    x, y = things(3, 1, 120, seed=0)
    training, kinds = np.repeat(x, shots, axis=0), np.repeat(y, shots)
    fit = fit_head(training, kinds, 3, rng=np.random.default_rng(0))
    distance = float(np.linalg.norm(x[0] - x[1]))
    rng = np.random.default_rng(1)
    nearly = x + 0.02 * distance * rng.normal(0, 1 / np.sqrt(120), x.shape)
    unrelated = rng.normal(0, 1, (20, 120)) * distance / np.sqrt(120)
    assert (novelty_by_formula(fit.head.not_sure, nearly) <= 1).all()
    assert (novelty_by_formula(fit.head.not_sure, unrelated) > 1).all()


def test_two_classes_of_the_same_picture_still_get_a_finite_test() -> None:
    x = np.ones((6, 40), np.float32)
    fit = fit_head(x, np.array([0, 0, 0, 1, 1, 1]), 2, rng=np.random.default_rng(0))
    assert all(np.isfinite(np.asarray(value, np.float64)).all() for value in fit.head.not_sure.values())
    assert np.isfinite(fit.head.params["mat_w"]).all()
