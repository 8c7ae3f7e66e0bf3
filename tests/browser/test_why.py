"""Why? on the page: the same shares as the kiosk computes, from the plain model file that the page carries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.model.saved_folder.facts import PLAIN_FILE
from app.model.saved_folder.page import GZIP_LEVEL, LARGEST_PAGE_BYTES, PageFacts, open_me_page
from app.model.saved_folder.page_engine import read_engine
from app.model.why import Explainer
from learning.explanation import explaining_form
from run_kiosk import main
from tests.browser.conftest import COLOURS, IN_CHROMIUM, IN_FIREFOX, Open, speckled, write
from tests.browser.tab import Tab
from tests.support.graphs import GraphBuilder
from tests.support.random_heads import random_model
from tpu.classifier import ClassificationEngine

pytestmark = pytest.mark.needs_browser

SHOWN = "(selector) => [...document.querySelectorAll(selector)].some((one) => one.checkVisibility())"
HIDDEN = "(selector) => ![...document.querySelectorAll(selector)].some((one) => one.checkVisibility())"


def explained(model: Path, pictures: list[Path], tmp_path: Path) -> list[dict[str, Any]]:
    """The explanations of the command line."""
    output = tmp_path / "answers.json"
    words = [*map(str, pictures), "--why", str(tmp_path / "why"), "--json", str(output)]
    assert main(["classify", str(model), *words]) == 0
    return [answer["why"] for answer in json.loads(output.read_text())]


def compare(found: list[str], expected: list[dict[str, Any]]) -> None:
    for one, other in zip(map(json.loads, found), expected, strict=True):
        for name in ("rows", "cols", "winner", "runner_up", "way"):
            assert one[name] == other[name]
        assert np.abs(np.array(one["cells"]) - np.array(other["cells"])).max() <= 1e-3


def pictures_of(folder: Path, size: int) -> list[Path]:
    rng = np.random.default_rng(4)
    return [write(folder / f"{one}.png", speckled(COLOURS[one], rng, size, size)) for one in COLOURS]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Train with a tiny extractor: "maximum" has no explaining form, "cells" has weights for every cell of a map."""
    known: dict[str, Path] = {}

    def folder_of(kind: str) -> Path:
        if kind in known:
            return known[kind]
        folder, graph, rng = tmp_path_factory.mktemp(kind), GraphBuilder(32), np.random.default_rng(2)
        if kind == "maximum":
            embedding = graph.flat(graph.pool(graph.convolution(graph.image, 12, kernel=3, stride=4), 8, "MAX_POOL_2D"))
        else:
            x = graph.convolution(graph.image, 4, kernel=3, stride=2)
            parts = [graph.flat(graph.convolution(x, 3, kernel=3, stride=4)), graph.flat(graph.window(x))]
            embedding = graph.concatenation(parts, axis=1)
        (folder / "extractor.tflite").write_bytes(graph.extractor(embedding))
        for label, colour in COLOURS.items():
            for number in range(6):
                write(folder / "data" / label / f"{number}.png", speckled(colour, rng))
        words = ["--out", str(folder / "out"), "--extractor", str(folder / "extractor.tflite")]
        assert main(["train", str(folder / "data"), *words]) == 0
        known[kind] = folder / "out"
        return known[kind]

    return folder_of


def switch(tab: Tab) -> None:
    tab.click("[data-testid=why]")


def test_the_page_computes_the_same_shares_as_the_kiosk(
    open_page: Open, hands: Path, shared_photos: Path, tmp_path: Path
) -> None:
    pictures = sorted((shared_photos / "sign-digits").glob("[125]/*.JPG"))[::20]
    found = open_page(hands / "open_me.html").answers(pictures)
    compare([one["why"] for one in found], explained(hands, pictures, tmp_path))


@IN_FIREFOX
def test_weights_for_every_cell_give_the_same_shares(
    open_page: Open, trained: Callable[[str], Path], tmp_path: Path
) -> None:
    pictures = pictures_of(tmp_path, 32)
    found = open_page(trained("cells") / "open_me.html").answers(pictures)
    for one, other in zip(found, explained(trained("cells"), pictures, tmp_path), strict=True):
        cells = np.array(other["cells"])
        assert np.abs(np.array(json.loads(one["why"])["cells"]) - cells).max() <= 1e-3 * np.abs(cells).max()


@IN_FIREFOX
def test_a_thousand_classes_are_explained_and_the_page_stays_small_enough_for_a_mail(
    open_page: Open, tmp_path: Path
) -> None:
    """The weights of so many classes are not in the page a second time: it finds them in the model."""
    model, labels, engine = random_model(1000, weight_scale=0.1), [f"class {n}" for n in range(1000)], read_engine()
    assert engine is not None
    facts = PageFacts("model.tflite", labels, [3] * 1000, [None] * 1000, None, 0.0, 1, "x", "2026-01-31")
    page, file = tmp_path / "open_me.html", tmp_path / "model.tflite"
    page.write_bytes(open_me_page(facts, model, engine))
    file.write_bytes(model)
    assert page.stat().st_size <= LARGEST_PAGE_BYTES
    pictures = pictures_of(tmp_path, 160)
    answers = open_page(page).answers(pictures)
    kiosk = Explainer(ClassificationEngine(file))
    for path, answer in zip(pictures, answers, strict=True):
        _, why = kiosk.explain(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB))
        found = json.loads(answer["why"])
        assert (found["winner"], found["runner_up"]) == (labels[why.winner], labels[why.runner_up])
        assert found["way"] == "exact"
        assert np.abs(np.array(found["cells"]) - why.cells).max() <= 1e-3


@IN_CHROMIUM
def test_the_page_derives_the_form_that_the_kiosk_writes_and_hands_out_the_plain_file(
    open_page: Open, hands: Path
) -> None:
    tab, model = open_page(hands / "open_me.html"), (hands / PLAIN_FILE).read_bytes()
    form = tab.evaluate("() => sha256(withOutputs(modelBytes, FACTS.why.tensors))")
    assert form == hashlib.sha256(explaining_form(model).model).hexdigest()
    assert tab.saved_by("#download") == model
    page = (hands / "open_me.html").read_bytes()
    assert base64.b64encode(gzip.compress(model, GZIP_LEVEL, mtime=0)) in page
    assert len(page) < 8_000_000


def test_the_switch_lights_pictures_and_the_camera_and_hides_the_light_again(
    open_page: Open, saved: Path, tmp_path: Path
) -> None:
    tab = open_page(saved / "open_me.html")
    tab.answers(pictures_of(tmp_path, 96)[:1])
    on_picture, on_camera = "[data-testid=answer] .light", "[data-testid=light]"
    assert tab.evaluate(HIDDEN, on_picture)
    switch(tab)
    tab.wait(SHOWN, on_picture)
    assert tab.text("#why-hint-pictures") == (
        "The light parts of the picture speak for the answer. The dark parts do not."
    )
    tab.click("#camera-button")
    tab.wait(SHOWN, on_camera)
    switch(tab)
    tab.wait(HIDDEN, on_camera)
    tab.wait(HIDDEN, on_picture)
    tab.click("#camera-stop")


@IN_CHROMIUM
def test_a_model_without_a_form_is_explained_by_covering_parts_and_the_page_says_so(
    open_page: Open, trained: Callable[[str], Path], tmp_path: Path
) -> None:
    picture = pictures_of(tmp_path, 32)[0]  # of the model's own size
    tab = open_page(trained("maximum") / "open_me.html")
    (row,) = tab.answers([picture])
    assert "why" not in row  # it is slow, so it waits until somebody asks
    switch(tab)
    tab.wait(SHOWN, "[data-testid=answer][data-why]")
    found = tab.evaluate("() => document.querySelector('[data-testid=answer]').dataset.why")
    compare([found], explained(trained("maximum"), [picture], tmp_path))
    assert tab.text("#why-hint-pictures").startswith("This model does not show what it is made of.")
