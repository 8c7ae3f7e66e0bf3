"""`lessons`: the list, the check of a file, and the card to print."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from app.base.i18n import LANGUAGES
from app.config.lesson import parse_lesson
from app.config.lesson_card import lesson_card
from app.importing.lessons import FOLDER, find_lessons
from run_kiosk import main


class Words(HTMLParser):
    """Collects the texts and the tags of a page, and checks that every tag is closed."""

    OPEN = ("meta", "circle", "rect", "path")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, _: object) -> None:
        self.tags.append(tag)
        if tag not in self.OPEN:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.OPEN:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


def test_the_list_names_included_and_kept_lessons_and_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "fruit.toml").write_text('name = "Fruit"\ntask = "Go."\nclasses = ["apple", "pear"]')
    (tmp_path / FOLDER / "bad.toml").write_text("name = x\n")
    assert main(["lessons", "--data-dir", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == [
        "waste            Sort the waste: Paper, Plastic, Metal (included)",
        "fruit            Fruit: apple, pear (on this machine)",
        "The lesson bad.toml cannot be used: line 1 is not TOML.",
    ]


def test_check_names_the_languages_that_are_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fruit.toml"
    path.write_text('name = "Fruit"\ntask = "Go."\nclasses = [{en = "apple", de = "Apfel"}, "pear"]')
    assert main(["lessons", "check", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        *(
            f"{path}: not everything is in {name}; English or the first language takes its place."
            for name in ("Français", "Español", "Türkçe")
        ),
        f"{path}: ok – Fruit, 2 classes",
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check", "missing.toml"], "error: cannot read missing.toml: No such file or directory. Name another file."),
        (
            ["card", "fruit"],
            "error: no lesson is called 'fruit'. Choose one of: background, hands, waste; or name a .toml file.",
        ),
        (
            ["card", "waste", "--out", "/proc/x/y.html"],
            "error: cannot write /proc/x/y.html: No such file or directory. Name another file with --out.",
        ),
    ],
)
def test_what_fails_is_said_in_one_line(
    arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lessons", *arguments[:1], *arguments[1:], "--data-dir", str(tmp_path / "data")]) == 1
    assert capsys.readouterr().err.splitlines() == [line]


def test_the_card_is_one_file_in_the_language_that_was_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "card.html"
    assert main(["lessons", "card", "waste", "--language", "de", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: open it in a browser and print it on one sheet of A4.\n"
    html = out.read_text(encoding="utf-8")
    page = Words(html)
    assert '<html lang="de">' in html
    for text in ("Müll sortieren", "20\u00a0min", "Papier", "Plastik", "Metall", "Was hat ihm am meisten geholfen?"):
        assert text in page.texts
    assert any("je etwa 15 Bilder" in text for text in page.texts)
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert "http" not in html.replace("http-equiv", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_included_lesson_has_a_whole_card_in_every_language(language: str, tmp_path: Path) -> None:
    for found in find_lessons(tmp_path, ())[0]:
        page = Words(lesson_card(found.lesson, language))
        for words in (found.lesson.name, found.lesson.task, found.lesson.details, *found.lesson.classes):
            assert words is not None
            assert words[language] in page.texts
        assert page.tags.count("li") == len(found.lesson.classes) + 5


def test_texts_of_a_stranger_cannot_become_html() -> None:
    classes = '["<b>", "c\\"d", "e", "f", "g", "h", "i", "j", "k"]'
    source = f'name = "<script>x</script>"\ntask = "a & b"\nclasses = {classes}'
    html = lesson_card(parse_lesson(source.encode(), "a.toml"), "en")
    page = Words(html)
    assert "script" not in page.tags
    assert page.texts.count("<script>x</script>") == 2  # in the title and at the top
    assert {"<b>", 'c"d', "a & b"} <= set(page.texts)
    assert page.tags.count("svg") == 9
