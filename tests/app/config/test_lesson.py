"""Lesson sets: what a file says, and one clear line for every file that breaks a rule."""

from __future__ import annotations

import re

import pytest

from app.base.errors import ConfigInvalid
from app.base.i18n import LANGUAGES, translated
from app.config.lesson import LARGEST_LESSON_BYTES, in_language, parse_lesson

FRUIT = """
target_shots = 12
minutes = 10
extractor = "mobilenet_v1_quant"
[name]
en = "Fruit"
de = "Obst"
[task]
en = "Bring two fruits."
[[classes]]
en = "apple"
de = "Apfel"
[[classes]]
en = "pear"
"""


def test_a_lesson_says_what_its_file_says() -> None:
    lesson = parse_lesson(FRUIT.encode(), "fruit.toml")
    assert (lesson.key, lesson.target_shots, lesson.minutes) == ("fruit", 12, 10)
    assert lesson.extractor == "mobilenet_v1_quant"
    assert lesson.source == FRUIT
    assert lesson.labels("de") == ("Apfel", "pear")
    assert lesson.labels("tr") == ("apple", "pear")
    assert in_language(lesson.name, "de") == "Obst"
    assert in_language(lesson.task, "fr") == "Bring two fruits."


def test_plain_texts_hold_in_every_language_and_numbers_have_defaults() -> None:
    source = 'name = "Obst"\ntask = "Bringt Obst mit."\nclasses = ["Apfel", "Birne"]\n'
    lesson = parse_lesson(b"\xef\xbb\xbf" + source.encode(), "Obst & Co.toml")
    assert all(lesson.labels(language) == ("Apfel", "Birne") for language in LANGUAGES)
    assert (lesson.key, lesson.target_shots, lesson.minutes, lesson.extractor) == ("obst-co", 20, 0, "")


def test_a_language_without_english_stands_in_for_the_others() -> None:
    lesson = parse_lesson(
        b'name = {fr = "Fruits"}\ntask = {fr = "Va !"}\nclasses = [{fr = "un"}, {fr = "deux"}]', "a.toml"
    )
    assert lesson.labels("de") == ("un", "deux")


@pytest.mark.parametrize(
    ("file", "key"), [("My Lesson.toml", "my-lesson"), ("fruit/lesson.toml", "fruit"), ("lesson.toml", "lesson")]
)
def test_the_key_is_made_of_the_name_of_the_file_or_its_folder(file: str, key: str) -> None:
    assert parse_lesson(FRUIT.encode(), file).key == key


def changed(old: str, new: str) -> bytes:
    assert old in FRUIT
    return FRUIT.replace(old, new).encode()


CLASSES = FRUIT[FRUIT.index("[[classes]]") :]
NAMES = "en, de, fr, es, tr"
REFUSED: list[tuple[bytes, str]] = [
    (b"a = [", "it is not TOML"),
    (b'name = "x"\nname = "y"\n', "line 2 is not TOML"),
    (b"\xff\xfeN\x00", "it is not UTF-8 text"),
    (b"name = \xff", "it is not UTF-8 text"),
    (b"\x00" * 100, "it is not UTF-8 text"),
    (b"a = " + b"[" * 5000, "it is not TOML"),
    (b" " * (LARGEST_LESSON_BYTES + 1), "it is larger than 64 KB"),
    (b"", "it takes 2 to 9 classes"),
    (changed(CLASSES, "[[classes]]\nen = 'apple'"), "it takes 2 to 9 classes"),
    (changed(CLASSES, CLASSES * 5), "it takes 2 to 9 classes"),
    (changed(CLASSES, "[classes]\nen = 'apple'"), "it takes 2 to 9 classes"),
    (changed('en = "pear"', 'en = "Apple"'), "two classes have the same name in English"),
    (changed('en = "pear"', 'en = "pear"\nde = "apfel"'), "two classes have the same name in Deutsch"),
    (changed('en = "pear"', 'xx = "pear"'), f"“classes” takes texts for {NAMES}"),
    (changed('en = "pear"', ""), f"“classes” takes texts for {NAMES}"),
    (changed('en = "pear"', "en = 5"), "“classes” takes one line with 40 letters at most"),
    (changed('en = "pear"', r'en = "a\nb"'), "“classes” takes one line with 40 letters at most"),
    (changed('en = "pear"', r'en = "a\u202eb"'), "“classes” takes one line with 40 letters at most"),
    (changed('en = "pear"', f'en = "{"a" * 41}"'), "“classes” takes one line with 40 letters at most"),
    (changed('en = "pear"', 'en = " "'), "“classes” takes one line with 40 letters at most"),
    (changed('de = "Obst"', f'de = "{"o" * 61}"'), "“name” takes one line with 60 letters at most"),
    (changed('en = "Bring two fruits."', f'en = "{"o" * 101}"'), "“task” takes one line with 100 letters at most"),
    (changed("[name]", "[title]"), "“title” is unknown"),
    (changed("[name]", f'["{"t" * 99}"]'), f"“{'t' * 40}…” is unknown"),
    (changed('[task]\nen = "Bring two fruits."', ""), f"“task” takes texts for {NAMES}"),
    (changed("target_shots = 12", "target_shots = 1"), "“target_shots” takes a number from 2 to 200"),
    (changed("target_shots = 12", "target_shots = 12.0"), "“target_shots” takes a number from 2 to 200"),
    (changed("minutes = 10", "minutes = true"), "“minutes” takes a number from 0 to 180"),
    (changed("minutes = 10", f"minutes = {10**30}"), "“minutes” takes a number from 0 to 180"),
    (changed('"mobilenet_v1_quant"', '"../../etc/passwd"'), "“extractor” takes a name that the command “models” lists"),
    (changed('"mobilenet_v1_quant"', "3"), "“extractor” takes a name that the command “models” lists"),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_file_that_breaks_a_rule_gets_one_clear_line(data: bytes, reason: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse_lesson(data, "fruit.toml")
    assert str(refused.value) == f"The lesson fruit.toml cannot be used: {reason}."
    assert "\n" not in str(refused.value)
    for language in set(LANGUAGES) - {"en"}:
        assert translated(refused.value.message, language) != str(refused.value)


@pytest.mark.parametrize("file", ["....toml", "日本.toml"])
def test_a_name_without_letters_or_digits_is_refused(file: str) -> None:
    with pytest.raises(ConfigInvalid, match=re.escape("its name needs letters or digits")):
        parse_lesson(FRUIT.encode(), file)


def test_a_name_with_control_characters_is_shown_without_them() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        parse_lesson(b"a = [", "a\x1b[31m\nb.toml")
    assert str(refused.value).isprintable()
