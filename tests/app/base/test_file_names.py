"""File names that are made of class labels."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.base.file_names import RESERVED, file_name_problem, safe_file_name

NASTY = [
    "../../x",
    "con",
    "NUL.txt",
    "lpt¹",
    "a" * 200,
    "😀" * 200,
    "C:\\x",
    "C: drive",
    "\n\t",
    " . ",
    "äöü ß",
    "\u202etxt.exe",
    "ｃｏｎ",
    "",
]
NAMES = st.one_of(st.text(max_size=250), st.sampled_from(NASTY), st.text(alphabet="./\\ _-aA:*?\u0301\n", max_size=40))


@given(NAMES, st.booleans())
def test_every_text_becomes_a_valid_name_inside_its_folder(text: str, ascii_only: bool) -> None:
    """The rules of FAT and Windows, written here again: no forbidden character, no reserved name, no path."""
    name = safe_file_name(text, ascii_only=ascii_only)
    assert name
    assert not set(name) & set('<>:"/\\|?* ')
    assert all(ord(char) >= 32 and ord(char) != 127 and ord(char) <= 0xFFFF for char in name)
    assert name[-1] not in ". "
    assert ".." not in name
    assert not RESERVED.fullmatch(name)
    assert len(name.encode()) <= 101
    assert file_name_problem(name) is None
    assert (Path("/media/STICK") / name).resolve().parent == Path("/media/STICK")
    assert not ascii_only or name.isascii()


@given(NAMES)
def test_a_safe_name_does_not_change(text: str) -> None:
    name = safe_file_name(text)
    assert safe_file_name(name) == name


@given(st.lists(NAMES, min_size=2, max_size=9))
def test_names_in_one_folder_differ_in_more_than_case(texts: list[str]) -> None:
    names: list[str] = []
    for text in texts:
        names.append(safe_file_name(text, taken=names))
    assert len({name.casefold() for name in names}) == len(names)


def test_a_name_in_use_gets_a_number() -> None:
    assert safe_file_name("Cup", taken=["cup"]) == "Cup_2"


def test_ascii_names_keep_letters_without_their_accents() -> None:
    assert safe_file_name("Äpfel und Birnen", ascii_only=True) == "Apfel_und_Birnen"
    assert unicodedata.normalize("NFC", safe_file_name("Äpfel")) == "Äpfel"
