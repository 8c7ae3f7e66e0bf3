"""The test behind "not sure": calibrated, the same wherever it is computed, and able to tell the unknown."""

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
from learning.tflite_export import append_head
from tests.support.extractors import Kind, tiny_extractor
from tpu.classifier import ClassificationEngine
from tpu.novelty import read_novelty_test


def things(kinds: int, views: int, features: int, seed: int, *, positive: bool = False) -> tuple[Any, Any]:
    """Views of kinds of things: what a kind is, lies in a few directions; how it is seen, in others."""
    world = np.random.default_rng(99)
    what, how = world.normal(0, 1, (kinds, features)), world.normal(0, 1, (12, features)) / 3
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(kinds), views)
    x = what[y] + rng.normal(0, 1, (len(y), 12)) @ how + rng.normal(0, 0.3, (len(y), features))
    return (np.maximum(x, 0) if positive else x).astype(np.float32), y


def judged(arrays: Any, x: Any) -> Any:
    """The formula, worked out here in double precision from the arrays in the file."""
    a = {name: np.asarray(value, np.float64) for name, value in arrays.items()}
    way = (np.sign(x) * np.sqrt(np.abs(x)) if a["roots"] else x) - a["centre"]
    place = way @ a["axes"].T
    across = ((way**2).sum(axis=1) - ((way @ a["directions"].T) ** 2).sum(axis=1)) / a["shrink"] - (place**2).sum(
        axis=1
    )
    ways = place[:, np.newaxis] - a["means"]
    return np.einsum("nci,cij,ncj->nc", ways, a["precisions"], ways).min(axis=1) + a["aside"] * np.maximum(across, 0)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize(("known", "views"), [(2, 20), (5, 20), (5, 80)])
def test_things_that_were_not_taught_are_told_from_fresh_views_of_what_was(
    known: int, views: int, positive: bool
) -> None:
    x, y = things(8, views, 120, seed=0, positive=positive)
    fresh, kind = things(8, 100, 120, seed=1, positive=positive)
    fit = fit_head(x[y < known], y[y < known], known, rng=np.random.default_rng(0))
    assert bool(fit.head.not_sure["roots"]) is positive
    novelty = judged(fit.head.not_sure, fresh)
    assert (novelty[kind < known] > 1).mean() <= 0.05 + 1 / views
    assert (novelty[kind >= known] > 1).mean() > 0.95


def test_held_out_samples_are_refused_as_rarely_as_was_asked() -> None:
    x, y = things(4, 100, 120, seed=0)
    novelties = fit_head(x, y, 4, rng=np.random.default_rng(0)).novelties
    assert novelties.shape == (400,)
    assert (novelties > 1).mean() == pytest.approx(REFUSED_FRACTION, abs=0.01)


@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_the_engine_judges_the_embedding_that_its_own_file_computes(kind: Kind, tmp_path: Path) -> None:
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
        expected = judged(arrays, embedding)[0]
    engine = ClassificationEngine(path)
    assert engine.judge(picture).novelty == pytest.approx(expected, rel=0.01)
    assert engine.threshold == pytest.approx(fit.threshold)


def test_a_model_without_a_test_never_finds_anything_unknown(tmp_path: Path) -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    head.not_sure = None
    path = tmp_path / "model.tflite"
    path.write_bytes(append_head(tiny_extractor(), head))
    engine = ClassificationEngine(path)
    assert engine.judge(np.zeros((8, 8, 3), np.uint8)).novelty == 0
    assert engine.threshold is None


def test_a_test_of_another_version_is_left_alone() -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    assert read_novelty_test(append_head(tiny_extractor(), head)) is not None
    head.not_sure = {**head.not_sure, "version": np.int32(2)}
    assert read_novelty_test(append_head(tiny_extractor(), head)) is None


def test_the_labels_are_still_found_beside_the_test() -> None:
    x, y = things(2, 10, 6, seed=0)
    head = fit_head(x, y, 2, rng=np.random.default_rng(0)).head
    head.label_map = {0: "apple", 1: "cup"}
    with zipfile.ZipFile(io.BytesIO(append_head(tiny_extractor(), head))) as archive:
        assert sorted(archive.namelist()) == ["labels.txt", NOVELTY_FILE]
        assert archive.read("labels.txt") == b"apple\ncup\n"


@pytest.mark.parametrize("shots", [2, 3, 20])
def test_classes_of_pictures_that_are_all_alike_still_know_a_view_that_is_nearly_the_same(shots: int) -> None:
    """A still life before a camera without noise: every sample of a class is the same."""
    x, y = things(3, 1, 120, seed=0)
    taught, kinds = np.repeat(x, shots, axis=0), np.repeat(y, shots)
    fit = fit_head(taught, kinds, 3, rng=np.random.default_rng(0))
    apart = float(np.linalg.norm(x[0] - x[1]))
    rng = np.random.default_rng(1)
    nearly = x + 0.02 * apart * rng.normal(0, 1 / np.sqrt(120), x.shape)
    strange = rng.normal(0, 1, (20, 120)) * apart / np.sqrt(120)
    assert (judged(fit.head.not_sure, nearly) <= 1).all()
    assert (judged(fit.head.not_sure, strange) > 1).all()


def test_two_classes_of_the_very_same_picture_still_make_a_test() -> None:
    x = np.ones((6, 40), np.float32)
    fit = fit_head(x, np.array([0, 0, 0, 1, 1, 1]), 2, rng=np.random.default_rng(0))
    assert all(np.isfinite(np.asarray(value, np.float64)).all() for value in fit.head.not_sure.values())
    assert np.isfinite(fit.head.params["mat_w"]).all()
