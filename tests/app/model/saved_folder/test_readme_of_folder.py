"""README.txt of a saved folder, in all languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.base.file_names import HOME_PAGE
from app.base.i18n import LANGUAGES
from app.config.schema import Config, ScreenSettings
from app.model.saved_folder.readme import COLUMNS, ReadmeFacts, readme
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime

FACTS = ReadmeFacts(
    labels=("apple", "cup"),
    model_file="converted_tflite_quantized/model.tflite",
    has_page=True,
    has_report=True,
    needs_edge_tpu=False,
    threshold=0.625,
)
FIRST_LINES = {
    "en": "Open open_me.html",
    "de": "Öffne open_me.html",
    "fr": "Ouvre open_me.html",
    "es": "Abre open_me.html",
    "tr": "open_me.html dosyasını aç",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_line_says_to_open_the_page(language: str) -> None:
    lines = readme(replace(FACTS, language=language)).splitlines()
    assert lines[0] == FIRST_LINES[language]
    assert lines[1] == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_page_the_first_line_names_the_script_and_nothing_names_the_page(language: str) -> None:
    text = readme(replace(FACTS, has_page=False, language=language))
    assert "classify.py" in text.splitlines()[0]
    assert "open_me.html" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_finds_everything_in_a_few_lines_of_every_language(language: str) -> None:
    text = readme(replace(FACTS, language=language))
    people, _, makers = text.partition("-----\n")
    assert len(people.splitlines()) <= 16
    for word in ("apple, cup", "open_me.html", "report.html"):
        assert word in people
    for word in ("0.62", FACTS.model_file, "labels.txt", "    python classify.py picture.jpg\n"):
        assert word in makers
    assert makers.endswith("    pip install opencv-python\n    python classify.py --camera 0\n")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("has_page", [True, False])
@pytest.mark.parametrize("needs_edge_tpu", [True, False])
@pytest.mark.parametrize("threshold", [None, 0.6])
def test_no_paragraph_stays_in_english(
    language: str, has_page: bool, needs_edge_tpu: bool, threshold: float | None
) -> None:
    facts = replace(FACTS, has_page=has_page, needs_edge_tpu=needs_edge_tpu, threshold=threshold)
    here = readme(replace(facts, language=language)).split("\n\n")
    english = readme(facts).split("\n\n")
    assert len(here) == len(english)
    assert not set(here) & set(english)


def test_a_folder_without_a_report_or_a_limit_does_not_mention_them() -> None:
    text = readme(replace(FACTS, has_report=False, threshold=None))
    assert "report.html" not in text
    assert "not sure" not in text
    assert "The label with the highest probability is the answer." in text


def test_a_model_that_needs_an_edge_tpu_says_so() -> None:
    assert "with Python and a Coral Edge TPU." in readme(replace(FACTS, needs_edge_tpu=True))
    assert "Edge TPU" not in readme(FACTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_many_long_names_make_no_long_line(language: str) -> None:
    labels = tuple(f"a name of a thing with its number {index}" for index in range(9))
    text = readme(replace(FACTS, labels=labels, language=language))
    assert ", ".join(labels) in text.replace("\n", " ")
    assert max(map(len, text.splitlines())) <= COLUMNS


@pytest.mark.needs_runtime
def test_save_writes_it_in_the_language_of_the_visit(tmp_path: Path) -> None:
    station = Station(tmp_path, Config(screen=ScreenSettings(language="de")))
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    assert saved is not None
    first = (saved / "README.txt").read_text(encoding="utf-8").splitlines()[0]
    has_page = (saved / HOME_PAGE).is_file()
    assert first == (FIRST_LINES["de"] if has_page else "Starte classify.py, wie unten gezeigt")
    station.close()
