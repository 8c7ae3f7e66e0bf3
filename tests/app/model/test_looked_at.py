"""What a training report says about where the model looks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.explanation import Way
from app.model.looked_at import from_json, with_explanations
from app.model.why import Explainer
from app.session.pictures import encode_picture
from app.session.session import Sample, Session
from learning.fit import fit_head
from learning.tflite_export import append_head
from tpu.classifier import ClassificationEngine
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime

EDGE = 96


def checks(number: int) -> Any:
    """A wall with a pattern and colours of its own, RGB, uint8."""
    size, colours = ((6, ((200, 60, 40), (240, 200, 80))), (12, ((30, 70, 160), (40, 170, 120))))[number]
    fields = np.indices((EDGE, EDGE)).sum(axis=0) // size if number else np.indices((EDGE, EDGE))[0] // size
    return np.array(colours)[fields % 2]


def shown(wall: Any, colour: tuple[int, int, int], rng: np.random.Generator, radius: int = 20) -> Any:
    """A disc of one colour, moved a little, in front of a wall."""
    picture = np.clip(wall + rng.normal(0, 6, wall.shape), 0, 255).astype(np.uint8)
    middle = tuple(int(48 + rng.integers(-5, 6)) for _ in range(2))
    cv2.circle(picture, middle, radius, colour, -1)
    return picture


@pytest.fixture(scope="module")
def extractor() -> Iterator[EmbeddingExtractor]:
    with EmbeddingExtractor(default_extractor_path()) as opened:
        yield opened


def taught(
    pictures: list[Any], classes: int, extractor: EmbeddingExtractor, path: Path
) -> tuple[Session, ClassificationEngine]:
    """A session with the pictures of all classes in turns, and the model that it teaches."""
    labels = np.arange(len(pictures)) % classes
    embeddings = np.stack([extractor.embed(one) for one in pictures])
    head = fit_head(embeddings, labels, classes, rng=np.random.default_rng(0)).head
    path.write_bytes(append_head(extractor.model_bytes, head))
    samples = [
        Sample(number, int(label), embedding, encode_picture(picture), 0.0)
        for number, (label, embedding, picture) in enumerate(zip(labels, embeddings, pictures, strict=True))
    ]
    names = ("ball", "cup", "duck")[:classes]
    return Session(names, tuple(samples), "x", "y"), ClassificationEngine(path, trusted=True)


def looked_at(report: dict[str, Any], session: Session, explainer: Explainer) -> dict[str, Any]:
    """The report after a round trip through JSON; however slow the computer is."""
    found: dict[str, Any] = json.loads(json.dumps(with_explanations(report, session, explainer, longest_s=math.inf)))
    return found


def test_small_things_before_walls_of_their_own_are_known_by_the_walls_and_others_are_not(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    rng, grey = np.random.default_rng(1), (128, 128, 128)
    walls = [checks(0), checks(1)]
    same_thing = [shown(walls[number % 2], grey, rng, 11) for number in range(16)]
    session, engine = taught(same_thing, 2, extractor, tmp_path / "walls.tflite")
    report = looked_at({"wrong": []}, session, Explainer(engine))
    assert report["looks_at_background"] == [True, True]

    colours = ((230, 30, 30), (30, 60, 230))
    same_wall = [shown(np.full((EDGE, EDGE, 3), 150), colours[number % 2], rng) for number in range(16)]
    session, engine = taught(same_wall, 2, extractor, tmp_path / "things.tflite")
    report = looked_at({"wrong": []}, session, Explainer(engine))
    assert report["looks_at_background"] == [False, False]


def test_a_confused_picture_gets_the_map_of_the_wrong_answer_against_the_right_class(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    rng, colours = np.random.default_rng(2), ((230, 30, 30), (30, 60, 230))
    wall = np.full((EDGE, EDGE, 3), 150)
    session, engine = taught([shown(wall, colours[n % 2], rng) for n in range(12)], 2, extractor, tmp_path / "m.tflite")
    wrong = [{"sample": 0, "truth": 0, "answer": 1, "confidence": 0.9}, {"sample": 99, "truth": 0, "answer": 1}]
    report = looked_at({"wrong": wrong, "labels": ["a"]}, session, Explainer(engine))
    assert report["labels"] == ["a"]
    assert "why" not in report["wrong"][1]  # its picture is gone
    why = from_json(report["wrong"][0]["why"])
    assert (why.winner, why.runner_up, why.way) == (1, 0, Way.EXACT)
    assert why.cells.sum() < 0  # the taught picture looks like its own class


def test_a_model_without_exact_shares_is_not_judged_by_its_background(
    extractor: EmbeddingExtractor, tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    pictures = [shown(checks(n % 2), (128, 128, 128), rng) for n in range(8)]
    session, engine = taught(pictures, 2, extractor, tmp_path / "m.tflite")
    explainer = Explainer(engine, exact=False)
    assert looked_at({"wrong": []}, session, explainer)["looks_at_background"] == [None, None]


def test_what_cannot_be_explained_in_time_is_left_out(extractor: EmbeddingExtractor, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    pictures = [shown(checks(n % 2), (128, 128, 128), rng) for n in range(8)]
    session, engine = taught(pictures, 2, extractor, tmp_path / "m.tflite")
    wrong = [{"sample": 0, "truth": 0, "answer": 1}]
    report = with_explanations({"wrong": wrong}, session, Explainer(engine), longest_s=0)
    assert report == {"wrong": wrong, "looks_at_background": [None, None]}
