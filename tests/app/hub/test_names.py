"""Class names of many stations are merged by spelling, by a mapping file, and by the translations of default names."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.base.errors import HubRefused
from app.base.labels import name_key
from app.hub.names import NameMap, read_mapping


@pytest.mark.parametrize(
    "other", ["APPLE PIE", " apple  pie ", "\uff21pple pie", "apple\u00a0pie", "Apple\tPie"], ids=ascii
)
def test_spellings_of_one_name_are_one_class(other: str) -> None:
    assert name_key(other) == name_key("apple pie")


def test_letters_with_accents_are_the_same_in_both_unicode_forms() -> None:
    assert name_key("Cafe\u0301") == name_key("caf\u00e9")
    assert name_key("cafe") != name_key("caf\u00e9")


@pytest.mark.parametrize("name", ["Rot", "rouge", "ROJO", "kırmızı", "Red"])
def test_default_names_in_other_languages_are_one_class(name: str) -> None:
    names = NameMap()
    names.count(name, 3)
    assert names.key(name) == "red"
    assert names.shown("red") == "Red"


def test_numbered_default_names_are_translated_too() -> None:
    assert NameMap().key("Klasse 4") == NameMap().key("Clase 4") == "class 4"


def test_the_most_frequent_spelling_is_shown() -> None:
    names = NameMap()
    for spelling, samples in (("Duck", 5), ("duck", 9), ("DUCK", 1)):
        names.count(spelling, samples)
    assert names.shown("duck") == "duck"
    assert names.spellings("duck") == ("duck", "Duck", "DUCK")


def test_a_mapping_file_merges_synonyms_renames_and_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text('Cup = ["mug", "Tasse"]\nball = ["Rot"]\n"" = ["test"]\n', encoding="utf-8")
    names = NameMap(read_mapping(file))
    assert {names.key(one) for one in ("cup", "MUG", "tasse")} == {"cup"}
    assert names.shown("cup") == "Cup"
    assert names.key("rot") == "ball"  # the file wins against translations
    assert names.key("rouge") == "red"
    assert names.key("Test") == ""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("cup = 3\n", '\'cup\' does not list names. Write one class a line: cup = ["mug", "Tasse"].'),
        ('cup = [""]\n', '\'cup\' does not list names. Write one class a line: cup = ["mug", "Tasse"].'),
        ('cup = ["a"]\nbox = ["A"]\n', "'A' belongs to 'cup' and to 'box'. Keep one."),
    ],
)
def test_a_mapping_file_that_is_not_clear_is_refused(text: str, error: str, tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(HubRefused) as refused:
        read_mapping(file)
    assert str(refused.value) == f"{file}: {error}"


def test_a_mapping_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(HubRefused) as refused:
        read_mapping(tmp_path / "no.toml")
    missing = f"cannot read {tmp_path / 'no.toml'}: No such file or directory. Name another file with --mapping."
    assert str(refused.value) == missing
