"""Lesson sets that are included, kept and on drives; nothing outside of a drive is ever read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.base.errors import ConfigInvalid
from app.base.i18n import LANGUAGES
from app.base.ports import Drive
from app.importing.lessons import FOLDER, chosen_lesson, find_lessons, keep_lesson

INCLUDED = {"background", "hands", "waste"}


def lesson(name: str = "Fruit", classes: str = '["apple", "pear"]') -> str:
    return f'name = "{name}"\ntask = "Bring fruit."\nclasses = {classes}\n'


@pytest.fixture
def stick(tmp_path: Path) -> Drive:
    path = tmp_path / "stick"
    (path / FOLDER).mkdir(parents=True)
    return Drive("STICK", path, 1 << 30, read_only=False, filesystem="vfat")


def found_on(drive: Drive, tmp_path: Path) -> dict[str, str]:
    lessons, _ = find_lessons(tmp_path / "data", (drive,))
    return {one.lesson.key: one.lesson.name["en"] for one in lessons if one.place == drive.name}


def problems_on(drive: Drive, tmp_path: Path) -> list[str]:
    return [str(one) for one in find_lessons(tmp_path / "data", (drive,))[1]]


def test_three_lessons_are_included_in_all_languages(tmp_path: Path) -> None:
    lessons, problems = find_lessons(tmp_path, ())
    assert ({one.lesson.key for one in lessons}, problems) == (INCLUDED, ())
    for one in lessons:
        words = (one.lesson.name, one.lesson.task, one.lesson.details, *one.lesson.classes)
        assert all(set(text or ()) == set(LANGUAGES) for text in words)
        assert min(one.lesson.minutes, one.lesson.target_shots) > 5


def test_a_drive_has_lessons_at_its_top_in_its_folder_and_in_folders_of_that(stick: Drive, tmp_path: Path) -> None:
    (stick.path / "lesson.toml").write_text(lesson("Top"))
    (stick.path / FOLDER / "fruit.toml").write_text(lesson("Fruit"))
    (stick.path / FOLDER / "birds").mkdir()
    (stick.path / FOLDER / "birds" / "lesson.toml").write_text(lesson("Birds"))
    (stick.path / FOLDER / ".hidden.toml").write_text("a = [")
    (stick.path / "other.toml").write_text("a = [")
    assert found_on(stick, tmp_path) == {"lesson": "Top", "fruit": "Fruit", "birds": "Birds"}
    assert problems_on(stick, tmp_path) == []


def test_hostile_files_get_one_line_each_and_the_others_are_found(stick: Drive, tmp_path: Path) -> None:
    folder, secret = stick.path / FOLDER, tmp_path / "secret.toml"
    secret.write_text(lesson("Secret"))
    (folder / "link.toml").symlink_to(secret)
    (folder / "outside").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.toml")
    (folder / "folder.toml").mkdir()
    (folder / "huge.toml").write_bytes(b"#" * (1 << 20))
    (folder / "broken.toml").write_text("name = x\n")
    (folder / "good.toml").write_text(lesson("Good"))
    assert found_on(stick, tmp_path) == {"good": "Good"}
    assert problems_on(stick, tmp_path) == [
        "The lesson broken.toml cannot be used: line 1 is not TOML.",
        "folder.toml is not a plain file or folder, so it is not opened.",
        "The lesson huge.toml cannot be used: it is larger than 64 KB.",
        "link.toml is not a plain file or folder, so it is not opened.",
        "pipe.toml is not a plain file or folder, so it is not opened.",
    ]


def test_a_drive_full_of_files_is_not_read_to_its_end(stick: Drive, tmp_path: Path) -> None:
    for number in range(72):
        (stick.path / FOLDER / f"l{number}.toml").write_text(lesson())
    assert len(found_on(stick, tmp_path)) == 24


def test_a_drive_that_was_pulled_has_no_lessons(tmp_path: Path) -> None:
    gone = Drive("GONE", tmp_path / "gone", 1, read_only=False, filesystem="vfat")
    assert {one.lesson.key for one in find_lessons(tmp_path, (gone,))[0]} == INCLUDED


def test_a_lesson_is_kept_without_its_drive_and_found_again_at_the_next_start(stick: Drive, tmp_path: Path) -> None:
    (stick.path / FOLDER / "fruit.toml").write_text(lesson())
    lessons, _ = find_lessons(tmp_path / "data", (stick,))
    fruit = next(one.lesson for one in lessons if one.lesson.key == "fruit")
    keep_lesson(tmp_path / "data", fruit)
    assert chosen_lesson(tmp_path / "data", "fruit") == fruit
    kept = {one.lesson.key: str(one.place) for one in find_lessons(tmp_path / "data", ())[0]}
    assert kept["fruit"] == "on this machine"


def test_an_included_lesson_is_found_by_its_key_and_a_kept_one_goes_before_it(tmp_path: Path) -> None:
    included = chosen_lesson(tmp_path, "waste")
    assert included is not None
    assert included.name["de"] == "Müll sortieren"
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "waste.toml").write_text(lesson("Mine"))
    mine = chosen_lesson(tmp_path, "waste")
    assert mine is not None
    assert mine.name["en"] == "Mine"


def test_a_lesson_that_is_gone_is_reported_and_no_key_is_no_lesson(tmp_path: Path) -> None:
    assert chosen_lesson(tmp_path, "") is None
    with pytest.raises(ConfigInvalid) as missing:
        chosen_lesson(tmp_path, "fruit")
    assert str(missing.value) == "The lesson fruit is missing. Choose another one."
