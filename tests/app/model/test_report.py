"""The training report: its facts, and the page that shows them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from app.model.report import WRONG_SHOWN, report_page, training_report
from app.session.pictures import encode_picture
from app.session.session import Sample, Session
from learning.fit import FitProgress, FitResult
from learning.softmax_regression import SoftmaxRegression

pytestmark = pytest.mark.needs_runtime

AGREEMENT = {"pictures": 6, "same_answer": 1.0, "mean_difference": 0.001}
SECONDS = {"fit": 0.03, "export": 0.01}


def session(labels: tuple[str, ...] = ("apple", "cup")) -> Session:
    """Six samples, three of each of two classes, numbered from 100."""
    vector = np.zeros(4, np.float32)
    pictures = [encode_picture(np.full((8, 8, 3), 30 * n, np.uint8)) for n in range(6)]
    samples = tuple(Sample(100 + n, n % 2, vector, picture, 0.0) for n, picture in enumerate(pictures))
    return Session(labels, samples, "extractor.tflite", "ab" * 32)


def fit(probabilities: list[list[float]], held_out: list[int], history: tuple[FitProgress, ...] = ()) -> FitResult:
    """The result of a fit on the samples that it held out."""
    rows = np.array(probabilities, np.float32)
    truth = np.array(held_out) % 2
    confusion = np.zeros((2, 2), np.int64)
    np.add.at(confusion, (truth, rows.argmax(axis=1)), 1)
    accuracy = float((rows.argmax(axis=1) == truth).mean())
    return FitResult(
        head=SoftmaxRegression(4, 2),
        validation_accuracy=accuracy,
        validation_from="holds",
        confusion=confusion,
        history=history,
        validation_indices=np.array(held_out),
        validation_probabilities=rows,
        novelties=np.linspace(0.2, 1.1, len(rows), dtype=np.float32),
        threshold=0.6,
        temperature=3.0,
        made_taught=False,
        provisional=False,
    )


@pytest.fixture
def facts() -> dict[str, Any]:
    """Samples 0 and 4 (apple) and 1, 3 (cup) were held out; apple 4 was taken for a cup, cup 3 for an apple, surer."""
    history = (
        FitProgress(0.2, 1, 0.5, 0.69),
        FitProgress(0.7, 2, 0.75, 0.2),
    )
    fitted = fit([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.95, 0.05]], [0, 4, 1, 3], history)
    return training_report(session(), fitted, AGREEMENT, SECONDS)


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_wrong_answers_are_sorted_by_confidence(facts: dict[str, Any]) -> None:
    assert facts["wrong"] == [
        {"sample": 103, "truth": 1, "answer": 0, "confidence": 0.95},
        {"sample": 104, "truth": 0, "answer": 1, "confidence": 0.7},
    ]
    assert facts["confusion"] == [[1, 1], [1, 1]]
    assert facts["class_accuracy"] == [0.5, 0.5]
    assert facts["shots"] == [3, 3]


def test_the_curve_shows_the_effect_of_more_pictures(facts: dict[str, Any]) -> None:
    assert facts["curve"] == [
        {"shots": 1, "loss": 0.69, "validation_accuracy": 0.5},
        {"shots": 2, "loss": 0.2, "validation_accuracy": 0.75},
    ]


def test_a_class_without_held_out_samples_has_no_accuracy() -> None:
    facts = training_report(session(), fit([[0.9, 0.1]], [0]), AGREEMENT, SECONDS)
    assert facts["class_accuracy"] == [1.0, None]
    assert "–" in Page(report_page(facts, {})).text


def test_not_sure_answers_are_counted_by_probability_and_by_novelty() -> None:
    found = replace(
        fit([[0.9, 0.1], [0.55, 0.45], [0.2, 0.8], [0.1, 0.9]], [0, 0, 1, 1]), novelties=np.array([0.5, 0.2, 1.3, 0.9])
    )
    facts = training_report(session(), found, AGREEMENT, SECONDS)
    assert facts["refused"] == 0.5  # one of 55 %, below the threshold of 60 %, and one that is too novel
    assert "That happened for 50.0% of them." in Page(report_page(facts, {})).text


def test_an_older_report_without_that_count_is_still_shown(facts: dict[str, Any]) -> None:
    before = {name: value for name, value in facts.items() if name != "refused"}
    assert "the answer is “not sure”." in Page(report_page(before, {})).text


def test_facts_survive_a_round_trip_through_json(facts: dict[str, Any]) -> None:
    assert json.loads(json.dumps(facts)) == facts


def test_the_page_loads_nothing_else(facts: dict[str, Any]) -> None:
    html = report_page(facts, {one.sample_id: one.picture for one in session().samples})
    page = Page(html)
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe")]
    addresses = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert addresses
    assert all(str(address).startswith("data:image/jpeg;base64,") for address in addresses)
    assert not re.search(r"url\(|@import|https?://", html)


def test_the_page_shows_the_facts(facts: dict[str, Any]) -> None:
    text = Page(report_page(facts, {})).text
    assert "apple and cup" in text
    assert "50% of the 4 pictures held out were classified correctly" in text
    assert "Below 60%, or for a thing that differs from everything taught, the answer is" in text
    assert text.index("cup → apple 95%") < text.index("apple → cup 70%")


def test_every_number_of_pictures_names_what_is_counted(facts: dict[str, Any]) -> None:
    text = Page(report_page(facts, {})).text
    assert "It was compared with the trained model on all 6 pictures taught: the same answer for 100.0% of them" in text
    fewer = {**facts, "agreement": {**AGREEMENT, "pictures": 5}}
    assert "on 5 of the 6 pictures taught" in Page(report_page(fewer, {})).text
    assert "classpictures taughtcorrect among those held out" in text


def test_only_pictures_that_were_passed_are_shown(facts: dict[str, Any]) -> None:
    def pictures(given: dict[int, bytes]) -> int:
        return sum(tag == "img" for tag, _ in Page(report_page(facts, given)).tags)

    assert pictures({}) == 0
    assert pictures({104: session().samples[4].picture}) == 1


def test_class_names_are_escaped_in_the_page() -> None:
    name = '<script>alert("x")</script>'
    facts = training_report(session((name, "cup")), fit([[0.1, 0.9]], [0]), AGREEMENT, SECONDS)
    page = Page(report_page(facts, {}))
    assert "script" not in [tag for tag, _ in page.tags]
    assert name in page.text


def test_a_long_list_is_cut_and_says_so() -> None:
    count = WRONG_SHOWN + 3
    vector = np.zeros(4, np.float32)
    many = Session(("apple", "cup"), tuple(Sample(n, 0, vector, b"", 0.0) for n in range(count)), "x", "y")
    facts = training_report(many, fit([[0.2, 0.8]] * count, [0] * count), AGREEMENT, SECONDS)
    page = Page(report_page(facts, {}))
    assert sum(tag == "figure" for tag, _ in page.tags) == WRONG_SHOWN
    assert "and 3 more" in page.text
