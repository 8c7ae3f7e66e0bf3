"""`open_me.html`: what is in it, and that nothing in it can become markup. tests/browser opens it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from app.base.i18n import LANGUAGES
from app.model import observation
from app.model.saved_folder.page import LARGEST_MODEL_BYTES, LARGEST_PAGE_BYTES, PageFacts, open_me_page
from app.model.saved_folder.page_engine import Engine
from app.model.saved_folder.page_texts import PAGE_TEXTS
from app.views import verdict
from tests.support.random_heads import random_model

pytestmark = pytest.mark.needs_runtime

ENGINE = Engine("var ModuleFactory = () => {};", gzip.compress(b"\0asm"))
HOSTILE = ("</script><img src=x onerror=alert(1)>", "<!--<script>", "a & b", "\u2028'\"\\", "=1+1")
FACTS = PageFacts(
    "converted_tflite_quantized/model.tflite", HOSTILE, (1, 2, 3, 4, 5), (None, 0.5, 1, 1, 1), 0.9, 0.5, 1.0, "x",
    "2026-01-31", validation_from="holds",
)  # fmt: skip


class Elements(HTMLParser):
    """The elements of a page as a browser reads them, and the content of its scripts and styles."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.contents: list[tuple[str, dict[str, str | None], str]] = []
        self.inside: tuple[str, dict[str, str | None]] | None = None
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = (tag, dict(attrs))
        self.tags.append(self.inside)

    def handle_endtag(self, tag: str) -> None:
        self.inside = None

    def handle_data(self, data: str) -> None:
        if self.inside is not None and self.inside[0] in ("script", "style"):
            self.contents.append((*self.inside, data))


def block(page: bytes, name: str) -> str:
    return next(data for _, attributes, data in Elements(page).contents if attributes.get("id") == name)


def facts_in(page: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(block(page, "facts"))
    return found


def test_labels_cannot_end_the_block_that_they_are_in() -> None:
    page = open_me_page(FACTS, b"model", ENGINE)
    plain = open_me_page(replace(FACTS, labels=("a", "b", "c", "d", "e")), b"model", ENGINE)
    assert Elements(page).tags == Elements(plain).tags
    assert facts_in(page)["labels"] == list(HOSTILE)
    assert not set(block(page, "facts")) & set("<>&")


def test_only_the_page_s_own_scripts_may_run_and_nothing_may_be_loaded() -> None:
    elements = Elements(open_me_page(FACTS, b"model", ENGINE))
    policy = next(attributes["content"] or "" for tag, attributes in elements.tags if "http-equiv" in attributes)
    rules = {name: sources for name, *sources in (rule.split() for rule in policy.split("; "))}
    scripts = [data for tag, attributes, data in elements.contents if tag == "script" and "type" not in attributes]
    styles = [data for tag, _, data in elements.contents if tag == "style"]

    def hashes(contents: list[str]) -> list[str]:
        digests = (hashlib.sha256(one.encode()).digest() for one in contents)
        return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]

    assert rules == {
        "default-src": ["'none'"],
        "script-src": [*hashes(scripts), "'wasm-unsafe-eval'"],
        "style-src": hashes(styles),
        "img-src": ["blob:", "data:"],
        "media-src": ["blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    assert not [attributes for _, attributes in elements.tags if {"src", "style", "onclick"} & set(attributes)]


def test_the_page_carries_the_engine_and_the_model() -> None:
    page = open_me_page(FACTS, b"the model", ENGINE)
    assert gzip.decompress(base64.b64decode(block(page, "model"))) == b"the model"
    assert gzip.decompress(base64.b64decode(block(page, "engine-wasm"))) == b"\0asm"
    assert ENGINE.script in page.decode()


def test_a_model_that_is_too_large_stays_beside_the_page_which_knows_its_hash() -> None:
    model = b"x" * (LARGEST_MODEL_BYTES + 1)
    page = open_me_page(FACTS, model, ENGINE)
    assert len(page) < 2_000_000
    assert facts_in(page)["modelBeside"] is True
    assert facts_in(page)["modelSha256"] == hashlib.sha256(model).hexdigest()


def pictures_in(page: bytes) -> list[list[bytes]]:
    return [[base64.b64decode(one) for one in some] for some in json.loads(block(page, "class-pictures"))]


def test_pictures_are_shown_only_if_they_are_given_and_some_of_each_class_are_enough() -> None:
    assert pictures_in(open_me_page(FACTS, b"", ENGINE)) == [[]] * 5
    page = open_me_page(replace(FACTS, pictures=[[b"a picture"] * 9, [], [b"another"], [], []]), b"", ENGINE)
    assert pictures_in(page) == [[b"a picture"] * 4, [], [b"another"], [], []]


@pytest.mark.parametrize("classes", [75, 76, 300, 1000])
def test_a_page_for_many_classes_has_as_many_pictures_as_it_has_room_for(classes: int) -> None:
    pictures = [[bytes([label % 251]) * 9000] * 4 for label in range(classes)]
    many = replace(
        FACTS, labels=["ç" * 40] * classes, shots=[4] * classes, class_accuracy=[0.5] * classes, pictures=pictures
    )
    model = random_model(classes)
    engine = Engine("", np.random.default_rng(1).bytes(3_000_000))
    page = open_me_page(many, model, engine)
    assert 0.99 * LARGEST_PAGE_BYTES < len(page) <= LARGEST_PAGE_BYTES
    assert facts_in(page)["why"]["headWeights"]["shape"][0] == classes
    counts = [len(some) for some in pictures_in(page)]
    assert counts == sorted(counts, reverse=True)
    assert max(counts) - min(counts) <= 1  # no class has two pictures while another one has none
    assert all(set(some) <= {bytes([label % 251]) * 9000} for label, some in enumerate(pictures_in(page)))


def test_a_page_without_any_room_has_no_pictures() -> None:
    model = np.random.default_rng(0).bytes(6_000_000)
    page = open_me_page(replace(FACTS, pictures=[[b"a picture"]] * 5), model, ENGINE)
    assert pictures_in(page) == [[]] * 5
    assert gzip.decompress(base64.b64decode(block(page, "model"))) == model


def test_a_label_that_looks_like_a_place_of_the_page_stays_a_label() -> None:
    labels = ("{{class_pictures}}", "{{model}}", "{{facts}}", "{{", "}}")
    page = open_me_page(replace(FACTS, labels=labels, pictures=[[b"a picture"]] * 5), b"the model", ENGINE)
    assert facts_in(page)["labels"] == list(labels)
    assert pictures_in(page) == [[b"a picture"]] * 5


def test_every_text_is_there_in_every_language_and_the_scripts_use_no_others() -> None:
    page = open_me_page(replace(FACTS, language="tr"), b"", ENGINE)
    facts = facts_in(page)
    assert facts["language"] == "tr"
    assert list(facts["texts"]) == list(LANGUAGES)
    assert all(set(texts) == set(PAGE_TEXTS) for texts in facts["texts"].values())
    uses = (r"\btext\('(\w+)'", r"\bsay\((?:byId\('[\w-]+'\)|\w+), '(\w+)'", r'data-text="(\w+)"')
    used = {name for pattern in uses for name in re.findall(pattern, page.decode())}
    assert {"about", "answer", "failed", "loading", "unreadable", "wrong_model"} <= used <= set(PAGE_TEXTS)


def test_the_page_judges_and_smooths_answers_as_the_kiosk_does() -> None:
    script = open_me_page(FACTS, b"", ENGINE).decode()
    for name, value in (
        ("SMOOTHING_S", observation.SMOOTHING_S),
        ("MOST_NOVELTY", observation.MOST_NOVELTY),
        ("CLEAR_LEAD", verdict.CLEAR_LEAD),
    ):
        assert [float(found) for found in re.findall(rf"\b{name} = ([\d.]+)", script)] == [value], name


@pytest.mark.parametrize(
    ("palette", "first"), [("paper", "automatic"), ("night", "automatic"), ("distinct", "distinct")]
)
def test_the_page_starts_with_the_palette_of_the_kiosk(palette: str, first: str) -> None:
    assert facts_in(open_me_page(replace(FACTS, palette=palette), b"", ENGINE))["palette"] == first
