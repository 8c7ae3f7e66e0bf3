"""A whole visit by somebody who does not see the screen: does only what is said, and hears how it went."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE, Text, counted, message, translated
from app.views.model import KioskView
from app.views.model.spoken import Kind, Utterance
from app.views.narration import Memory, narrated
from tests.support.whole_visits import WholeVisit

pytestmark = pytest.mark.needs_runtime


IN_ORDER: tuple[Text, ...] = (
    message("Button {number}: {label}", number=2, label="cup"),
    message("Show something to the camera and hold the {label} button.", label="apple"),
    "apple",
    counted("{count} picture", "{count} pictures", 6),
    message("Now show a different thing and hold the {label} button.", label="cup"),
    "cup",
    counted("{count} picture", "{count} pictures", 6),
    message("Press TRAIN – or teach one more thing."),
    message("Learning…"),
    message("You may pull the drive out now."),
    message("Start over?"),
    message("Show something to the camera and hold the {label} button.", label="apple"),
)
"""What a visitor hears who teaches two things, saves them, and starts over."""


class Listener:
    """Hears everything that a kiosk says."""

    def __init__(self, visit: WholeVisit) -> None:
        self.visit, self.heard, self.all_heard = visit, list[Utterance](), list[Utterance]()
        self._memory = Memory()
        visit.follow = self._listen

    def _listen(self, view: KioskView) -> None:
        self._memory, utterances = narrated(self._memory, view)
        self.heard += utterances
        self.all_heard += utterances

    def wait_for(self, text: str) -> None:
        """Let time pass until something with this text is said, and forget what was said before."""
        self.visit.wait_until(lambda _view: any(text in one.text for one in self.heard))
        self.heard = self.heard[max(n for n, one in enumerate(self.heard) if text in one.text) + 1 :]


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[WholeVisit]:
    visit = WholeVisit(tmp_path)
    yield visit
    visit.close()


def test_a_whole_visit_by_speech(visit: WholeVisit, tmp_path: Path) -> None:
    ears, table = Listener(visit), visit.station.table
    ears.wait_for("Button 1: apple. Button 2: cup. Button 3: duck.")
    ears.wait_for("hold the apple button")
    table.show("apple")
    visit.hold(6, pygame.K_1)
    ears.wait_for("apple: 6 pictures.")
    ears.wait_for("hold the cup button")
    table.show("cup")
    visit.hold(6, pygame.K_2)
    ears.wait_for("cup: 6 pictures.")
    ears.wait_for("Press TRAIN")
    visit.down(pygame.K_t)
    visit.up(pygame.K_t)
    ears.wait_for("Learning.")
    for thing in ("apple", "cup", "apple"):
        table.show(thing)
        ears.wait_for(thing)
    visit.insert_drive(tmp_path / "stick")
    visit.down(pygame.K_s)
    visit.up(pygame.K_s)
    ears.wait_for("You may pull the drive out now.")
    assert list((tmp_path / "stick").rglob("model.tflite"))
    visit.down(pygame.K_r)  # leaves the page
    visit.up(pygame.K_r)
    ears.wait_for("")
    visit.down(pygame.K_r)
    visit.up(pygame.K_r)
    ears.wait_for("Start over? 12 pictures and the model made from them will be erased.")
    visit.down(pygame.K_y)
    visit.up(pygame.K_y)
    ears.wait_for("hold the apple button")
    answers = [one.text for one in ears.all_heard if one.kind is Kind.VERDICT]
    assert len(answers) <= 12
    assert len(ears.all_heard) <= 40
    for language in LANGUAGES:
        check_what_is_said(visit, language, ears.all_heard)


def check_what_is_said(visit: WholeVisit, language: str, in_english: list[Utterance]) -> None:
    """The same visit says the same things in another language, one after the other, each in the voice of it."""
    memory, said = Memory(), list[Utterance]()
    for moment in visit.moments:
        memory, utterances = narrated(memory, moment.in_language(language))
        said += utterances
    assert [one.kind for one in said] == [one.kind for one in in_english], language
    assert {one.language for one in said} == {language}
    told = iter(one.text for one in said)
    for text in IN_ORDER:
        words = translated(text, language).replace("…", "").strip()
        assert any(words in one for one in told), (language, words)
    if language != SOURCE_LANGUAGE:
        same = {one.text for one in said} & {one.text for one in in_english}
        assert same <= {"apple", "cup", "duck"}, language
