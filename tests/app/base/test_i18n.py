"""Every text is translated into every language, the compiled catalogues are current, and plurals are right."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from app.base.i18n import DOMAIN, LANGUAGES, LOCALE, SOURCE_LANGUAGE, counted, message, translated

ROOT = Path(__file__).resolve().parents[3]
KEYWORDS = {"message": None, "counted": (1, 2)}
OTHERS = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
Identity = str | tuple[str, ...]


@cache
def extracted() -> frozenset[Identity]:
    found = extract_from_dir(ROOT / "app", [("**.py", "python")], keywords=KEYWORDS)
    return frozenset(text for _, _, text, _, _ in found)


def catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, language)


def forms(text: Identity) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_translates_every_text_of_the_program_and_no_others(language: str) -> None:
    done = {one.id for one in catalogue(language) if one.id and all(forms(one.string)) and not one.fuzzy}
    assert extracted() - done == set()
    assert done - extracted() == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_parameters_of_its_template(language: str) -> None:
    for one in catalogue(language):
        names = set(re.findall(r"{(\w+)}", " ".join(forms(one.id))))
        for form in forms(one.string):
            named = set(re.findall(r"{(\w+)}", form))
            assert named <= names, one.id
            assert names - named <= {"count"}, one.id  # "one picture" needs no figure
            assert names == named or isinstance(one.id, tuple), one.id


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_has_the_texts_of_its_source(language: str) -> None:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = {forms(one.id): forms(one.string) for one in read_mo(file) if one.id}
    assert compiled == {forms(one.id): forms(one.string) for one in catalogue(language) if one.id}


def test_there_are_catalogues_for_the_languages_and_for_no_others() -> None:
    assert sorted(path.name for path in LOCALE.iterdir() if path.is_dir()) == sorted(OTHERS)


def test_a_message_is_english_without_a_translation() -> None:
    text = message("Found the drive {drive}. SAVE puts the model on it.", drive="STICK")
    assert str(text) == "Found the drive STICK. SAVE puts the model on it."
    assert translated(text, "de") != str(text)
    assert "STICK" in translated(text, "de")


def test_a_count_chooses_the_plural_form_of_each_language() -> None:
    def pictures(count: int) -> str:
        return translated(
            counted("{count} picture will be erased.", "{count} pictures will be erased.", count), language
        )

    for language in LANGUAGES:
        plural = gettext.NullTranslations() if language == "en" else gettext.translation(DOMAIN, LOCALE, [language])
        form = plural.ngettext("{count} picture will be erased.", "{count} pictures will be erased.", 1)
        assert pictures(1) == form.format(count=1)
        assert pictures(7).startswith(("7", "Se borrarán 7"))
    language = "fr"
    assert pictures(0).split(" ", 1)[1] == pictures(1).split(" ", 1)[1]  # French counts none as one


def test_messages_inside_messages_are_translated_too() -> None:
    inner = message("not sure")
    text = message("{what}. What you taught is safe. Please call a member of staff.", what=inner)
    assert translated(text, "de").startswith(translated(inner, "de"))


def test_a_plain_text_is_not_translated() -> None:
    assert translated("Logitech C270", "tr") == "Logitech C270"


def test_updating_complete_catalogues_changes_nothing_and_prints_no_warning(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(LOCALE, tmp_path / "assets/locale")
    updated = subprocess.run(
        [sys.executable, tmp_path / "assets/locale/update.py"], capture_output=True, text=True, check=True
    )
    assert updated.stderr == ""
    number = len(set(extracted()))
    assert updated.stdout.splitlines() == [f"{language}: {number} of {number}" for language in sorted(OTHERS)]
    for language in OTHERS:
        path = Path(language) / "LC_MESSAGES" / f"{DOMAIN}.po"
        assert (tmp_path / "assets/locale" / path).read_text() == (LOCALE / path).read_text()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_one_kind_of_apostrophe_and_no_break_spaces_where_its_language_has_spaces(
    language: str,
) -> None:
    for one in catalogue(language):
        for form in forms(one.string) if one.id else ():
            assert "'" not in form, form
            if language == "fr":
                assert re.search(r"(?<![\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}])[?!;»%]", form) is None, form
                assert re.search(r"«(?!\N{NO-BREAK SPACE})", form) is None, form
            if language == "tr":
                assert re.search(r"[\d}] ?%(?!{)", form) is None, form  # Turkish writes %80
            else:
                assert " %" not in form, form
            assert " :" not in form, form


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_two_different_buttons_never_have_the_same_word(language: str) -> None:
    buttons = ("Train", "Save", "Undo", "Reset", "Results", "Cancel", "Back", "Done", "Erase", "Play", "Why?", "Stay")
    buttons += ("Go on", "Skip", "Bring back", "Empty")
    words = [translated(message(one), language) for one in buttons]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("language", OTHERS)
def test_texts_name_a_button_by_the_word_that_is_on_it(language: str) -> None:
    for one in catalogue(language):
        if not one.id:
            continue
        for button in ("Train", "Save", "Undo", "Reset", "Play"):
            if re.search(rf"\b{button.upper()}\b", forms(one.id)[0]):
                word = translated(message(button), language)
                capitals = word.replace("i", "İ").upper() if language == "tr" else word.upper()
                assert all(capitals in form for form in forms(one.string)), (forms(one.id)[0], capitals)


OTHER_WORDS = {
    "de": r"\b(Platte|USB-Stick|Starter|aufbewahrt|weggelegt|Ihnen|Ihre[mnrs]?)\b",
    "fr": r"(?<!quelque )(?<!autre )\bchoses?\b|\b(poste|maintiens|vous|votre|musée)\b|Remettre",
    "es": r"\b(equipo|pendrive|memoria USB|usted|se pudo|se pudieron|enseñaste)\b",
    "tr": r"\b(cevap|cevab|deneme|cihaz|istasyon|flaş)\w*|\b(siz|sizin)\b",
}


@pytest.mark.parametrize("language", OTHERS)
def test_one_thing_has_one_word_and_everybody_is_spoken_to_in_the_same_form(language: str) -> None:
    for one in catalogue(language):
        for form in forms(one.string) if one.id else ():
            assert re.search(OTHER_WORDS[language], form, re.IGNORECASE if language != "de" else 0) is None, form
