"""The training report: its facts, and the page that shows them."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from app.base.i18n import LANGUAGES
from app.model.saved_folder.report_curve import CURVE_W, learning_curve
from app.model.saved_folder.report_page import STYLE, WRONG_SHOWN, report_page
from app.model.training_report import training_report
from app.session.pictures import encode_picture
from app.session.session import Sample, Session
from learning.fit import FitResult
from learning.progress import FitProgress
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
        turns_taught=0,
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
        self.body: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.tags[-1][0] != "style":
            self.body.append(data)


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
    assert "apple, cup" in text
    assert "50% of the 4 pictures held out were classified correctly" in text
    assert "Below 60%, or for a thing that differs from everything taught, the answer is" in text
    assert text.index("cup → apple 95%") < text.index("apple → cup 70%")


def test_every_number_of_pictures_names_what_is_counted(facts: dict[str, Any]) -> None:
    text = Page(report_page(facts, {})).text
    assert (
        "It was compared with the trained model on 6 of the 6 pictures taught: the same answer for 100.0% of them"
        in text
    )
    fewer = {**facts, "agreement": {**AGREEMENT, "pictures": 5}}
    assert "on 5 of the 6 pictures taught" in Page(report_page(fewer, {})).text
    assert "classpictures taughtcorrect of those held out" in text


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


def test_held_out_is_explained_by_what_was_measured(facts: dict[str, Any]) -> None:
    kept = "“Held out” means that the training kept these pictures back for a test and did not learn from them."
    text = Page(report_page(facts, {})).text
    assert f"{kept} So they show how well the model names new pictures." in text
    text = Page(report_page({**facts, "validation_from": "views"}, {})).text
    assert f"{kept} Copies of taught pictures are easier than new ones, so expect more mistakes with those." in text
    once = "Not tested, because shown in one hold only:"
    assert once not in text
    assert f"new pictures. {once} cup." in Page(report_page({**facts, "holds": [2, 1]}, {})).text
    unknown = {**facts, "validation_from": None, "validation_accuracy": None}
    assert "Held out" not in Page(report_page(unknown, {})).text


def test_a_report_of_an_older_version_shows_no_accuracy(facts: dict[str, Any]) -> None:
    """It was measured on near-copies of taught pictures."""
    older = {name: value for name, value in facts.items() if name not in ("validation_from", "provisional")}
    text = Page(report_page(older, {})).text
    lead = (
        "It was not tested with other pictures. "
        "Hold each button twice, then press TRAIN: one hold tests what the other has taught. "
        "Below 60%, or for a thing that differs from everything taught, the answer is “not sure”."
    )
    assert lead in text
    assert "%" not in text.partition(lead)[2].partition("The exported file")[0]
    assert "Learning curve" not in text


def test_the_page_links_the_model_in_the_browser_only_if_it_is_there(facts: dict[str, Any]) -> None:
    with_page = Page(report_page(facts, {}, link="open_me.html"))
    assert [attributes["href"] for tag, attributes in with_page.tags if tag == "a"] == ["open_me.html"]
    assert not [tag for tag, _ in Page(report_page(facts, {})).tags if tag == "a"]


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb, by WCAG 2."""
    digits = "".join(2 * digit for digit in colour[1:]) if len(colour) == 4 else colour[1:]
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def colours(style: str, scheme: str) -> dict[str, str]:
    """The variables of the style sheet in a light or a dark browser."""
    light, dark = re.findall(r":root {(.*?)}", style, re.DOTALL)
    found = dict(re.findall(r"--(\w+): (#\w+);", light))
    return found | (dict(re.findall(r"--(\w+): (#\w+);", dark)) if scheme == "dark" else {})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_texts_have_contrast(scheme: str) -> None:
    found = colours(STYLE.read_text(encoding="utf-8"), scheme)
    assert contrast("#000", "#fff") == pytest.approx(21)
    on_cards = [(text, ground) for text in ("ink", "quiet", "good", "bad", "blue") for ground in ("face", "back")]
    # A cell of the confusion matrix is a mixture of its colour and the background: no mixture has less contrast
    # than the worse of the two, because the text is lighter or darker than both.
    in_cells = [("ink", "hit"), ("ink", "miss")]
    for text, ground in on_cards + in_cells:
        assert contrast(found[text], found[ground]) >= 4.5, (text, ground)
    lighter = [luminance(found[ground]) > luminance(found["ink"]) for ground in ("back", "hit", "miss")]
    assert len(set(lighter)) == 1


def test_every_text_is_at_least_eleven_pixels_high_in_a_window_of_320() -> None:
    style = STYLE.read_text(encoding="utf-8")
    narrow = style[style.index("@media (max-width: 520px)") :]
    margin = int(re.search(r"main { padding: \d+px (\d+)px; }", narrow)[1])
    padding = int(re.search(r"section { padding: (\d+)px; }", narrow)[1])
    scale = (320 - 2 * (margin + padding + 1)) / CURVE_W  # 1: the border of a card
    in_drawings = int(re.search(r"svg text {[^}]*font-size: (\d+)px", style)[1])
    assert in_drawings * scale >= 11
    others = [int(size) for size in re.findall(r"font(?:-size)?: (\d+)px", style)]
    assert len(others) > 5
    assert min(others) >= 11


def test_labels_of_the_curve_do_not_touch() -> None:
    history = tuple(FitProgress(n / 100, n, 0.9, 0.1) for n in (*range(1, 10), 20, 45, 98, 99, 100))
    facts = training_report(session(), fit([[0.9, 0.1]], [0], history), AGREEMENT, SECONDS)
    html = report_page(facts, {})
    labels = [(float(x), int(text)) for x, text in re.findall(r'<text class=shots x="([\d.]+)"[^>]*>(\d+)<', html)]
    labels.sort()
    assert labels[-1][1] == 100
    assert len(labels) >= 3
    for (x, text), (after, next_text) in itertools.pairwise(labels):
        assert after - x > 14 * 0.6 * (len(str(text)) + len(str(next_text))) / 2  # a figure is 0.6 of its height wide


def test_no_card_is_wider_than_the_window() -> None:
    """Names break anywhere, pictures shrink, and what cannot shrink scrolls inside its card."""
    style = STYLE.read_text(encoding="utf-8")
    for rule in (r"h1 {[^}]*overflow-wrap: anywhere", r"th, td {[^}]*overflow-wrap: anywhere",
                 r"figcaption {[^}]*overflow-wrap: anywhere", r"\.scroll {[^}]*overflow-x: auto",
                 r"svg {[^}]*width: 100%", r"img {[^}]*width: 100%", r"code {[^}]*word-break: break-all"):  # fmt: skip
        assert re.search(rule, style), rule
    widths = [int(width) for width in re.findall(r"min-width: (\d+)px", style)]
    assert max(widths) <= 92
    facts = training_report(session(("a" * 300, "cup")), fit([[0.1, 0.9]], [0]), AGREEMENT, SECONDS)
    html = report_page(facts, {})
    assert html.index("<div class=scroll>") < html.index("<table class=confusion>")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("origin", ["holds", "views", None])
def test_the_page_is_in_the_language_of_the_visit(facts: dict[str, Any], language: str, origin: str | None) -> None:
    changed = {**facts, "validation_from": origin, "provisional": True}
    here = Page(report_page(changed, {}, link="open_me.html", language=language))
    english = Page(report_page(changed, {}, link="open_me.html"))
    assert here.tags[0] == ("html", {"lang": language})
    assert [tag for tag, _ in here.tags] == [tag for tag, _ in english.tags]
    same = {text for text in set(here.body) & set(english.body) if re.search("[a-z]{3}", text)}
    names = {"apple", "cup", "apple, cup", "fit", "export", "ab" * 32}
    wrong_answers = set() if origin is None else {"apple → ", "cup → "}
    assert same - ({"Classes"} if language == "fr" else set()) == names | wrong_answers
    assert len(set(english.body)) > (20 if origin is None else 30)


STANDS_ALONE = "The pictures themselves stay on the kiosk, so the light stands alone."


def with_why(facts: dict[str, Any], way: str = "exact") -> dict[str, Any]:
    """The same facts, with an explanation of both confused pictures."""
    cells = np.random.default_rng(0).normal(size=(6, 6)).round(3).tolist()
    why = {"rows": 6, "cols": 6, "winner": 1, "runner_up": 0, "way": way, "cells": cells}
    return {**facts, "wrong": [{**one, "why": why} for one in facts["wrong"]]}


def test_a_confused_picture_is_shown_with_the_light_on_what_misled_the_model(facts: dict[str, Any]) -> None:
    pictures = {one.sample_id: one.picture for one in session().samples}
    page = report_page(with_why(facts), pictures)
    assert page.count("data:image/jpeg") == 4  # each picture, and the same one lit
    assert "The light parts look more like the wrong answer than like the right one." in page
    assert "covering parts" not in page


def test_where_pictures_stay_on_the_kiosk_the_light_stands_alone(facts: dict[str, Any]) -> None:
    page = report_page(with_why(facts), {})
    assert (page.count("data:image/png"), page.count("data:image/jpeg")) == (2, 0)
    assert page.count(STANDS_ALONE) == 1
    pictures = {one.sample_id: one.picture for one in session().samples}
    assert STANDS_ALONE not in report_page(with_why(facts), pictures)
    assert STANDS_ALONE not in report_page(facts, {})  # no light


def test_where_there_was_no_time_for_the_light_the_page_says_so(facts: dict[str, Any]) -> None:
    missing = "Where the light is missing, there was no time to find it."
    first, second = with_why(facts)["wrong"]
    assert missing in report_page({**facts, "wrong": [first, facts["wrong"][1]]}, {})
    assert missing not in report_page({**facts, "wrong": [first, second]}, {})
    assert missing not in report_page(facts, {})  # of an earlier version


@pytest.mark.parametrize("pictures", [True, False])
def test_every_light_that_is_not_exact_is_called_so_in_the_language_of_the_page(
    pictures: bool, facts: dict[str, Any]
) -> None:
    shown = {one.sample_id: one.picture for one in session().samples} if pictures else {}
    page = report_page(with_why(facts, "occlusion"), shown)
    assert "They were found by covering parts of the pictures, which is not exact." in page
    assert page.count("<small>found by covering parts</small>") == 2
    german = report_page(with_why(facts, "occlusion"), shown, language="de")
    assert german.count("<small>gefunden durch Verdecken von Teilen</small>") == 2
    assert re.findall(r"data:image/[^\"]+", german) == re.findall(r"data:image/[^\"]+", page)
    exact = report_page(with_why(facts), shown)
    assert re.findall(r"data:image/[^\"]+", exact) == re.findall(r"data:image/[^\"]+", page)  # no English in pictures
    assert "covering parts" not in exact


def test_a_damaged_picture_leaves_the_report_readable(facts: dict[str, Any]) -> None:
    assert "data:image/jpeg" in report_page(with_why(facts), {100 + n: b"no picture" for n in range(6)})


def test_classes_that_are_known_by_their_background_are_named(facts: dict[str, Any]) -> None:
    sentence = "The model knows “{}” mostly by what is behind it. Teach it again in front of another background."
    page = report_page({**facts, "looks_at_background": [False, True]}, {})
    assert sentence.format("cup") in page
    assert sentence.format("apple") not in page
    assert "behind it" not in report_page({**facts, "looks_at_background": [None, None]}, {})
    assert "behind it" not in report_page(facts, {})  # of an earlier version


def test_the_curve_has_a_line_for_every_quarter_and_a_loss_relative_to_its_maximum() -> None:
    points = [
        {"shots": 2, "validation_accuracy": 0.0, "loss": 4.0},
        {"shots": 4, "validation_accuracy": 1.0, "loss": 1.0},
    ]
    drawn = learning_curve(points, str)
    lines = [
        tuple(map(float, found)) for found in re.findall(r'<line x1="(.*?)" x2="(.*?)" y1="(.*?)" y2="(.*?)"/>', drawn)
    ]
    left, right, bottom, top = lines[0][0], lines[0][1], lines[0][2], lines[-1][2]
    assert len(lines) == 5
    assert {(one[0], one[1]) for one in lines} == {(left, right)}
    assert all(one[2] == one[3] for one in lines)
    assert np.allclose(np.diff([one[2] for one in lines]), (top - bottom) / 4)
    assert list(re.findall(r">(\d+)%<", drawn)) == ["0", "25", "50", "75", "100"]
    ends = {
        kind: [tuple(map(float, point.split(","))) for point in path.split()]
        for kind, path in re.findall(r'<polyline class="(\w+)" points="(.*?)"/>', drawn)
    }
    middle = (left + right) / 2
    assert ends["accuracy"] == [(middle, bottom), (right, top)]
    assert ends["loss"] == [(middle, top), (right, bottom + (top - bottom) / 4)]
