"""A whole visit with one key alone: teach two things, train, see the answer, save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, Button
from app.base.i18n import LANGUAGES, SOURCE_LANGUAGE, message, translated
from app.config.schema import Config
from app.core.state import Mode
from app.ui.scan_groups import scan_groups
from app.views.model import Screen
from app.views.spoken_names import names_of
from tests.support.whole_visits import SIZE, WholeVisit

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def visit(tmp_path: Path) -> Iterator[WholeVisit]:
    settings = Config()
    visit = WholeVisit(tmp_path, replace(settings, scan=replace(settings.scan, enabled=True, step_s=0.5)))
    yield visit
    visit.close()


def choose(visit: WholeVisit, button: Button) -> None:
    """Wait for the highlight, and press the one key; where it is on a group, press again in the group."""
    visit.wait_until(lambda view: button in view.scanned)
    if len(visit.loop.view.scanned) > 1:
        visit.down()
        visit.up()
        visit.wait_until(lambda view: view.scanned == (button,))


def press(visit: WholeVisit, button: Button) -> None:
    choose(visit, button)
    visit.down()
    visit.up()


def test_a_whole_visit_by_one_switch(visit: WholeVisit, tmp_path: Path) -> None:
    kiosk, table = visit.station.kiosk, visit.station.table
    visit.insert_drive(tmp_path / "stick")
    for index, thing in enumerate(("apple", "cup")):
        table.show(thing)
        choose(visit, index)
        visit.hold(6)
    assert kiosk.state.shots == (6, 6, 0)
    press(visit, Action.TRAIN)
    visit.wait_until(lambda view: view.screen is Screen.LIVE)
    for thing in ("apple", "cup"):
        table.show(thing)
        view = visit.wait_until(lambda view, thing=thing: view.verdict is not None and view.verdict.text == thing)
        assert view.verdict is not None
        assert view.verdict.sure
    press(visit, Action.SAVE)
    visit.wait_until(lambda view: view.saving is not None and view.saving.safe)
    assert list((tmp_path / "stick").rglob("model.tflite"))
    visit.wait_until(lambda view: len(view.scanned) == 1)
    visit.down()
    visit.up()
    assert kiosk.state.mode is Mode.LIVE
    for language in LANGUAGES:
        check_the_same_presses_work(visit, language)


def check_the_same_presses_work(visit: WholeVisit, language: str) -> None:
    """Whatever was highlighted is there in another language too, in the same groups, and has a name in it."""
    looked, named = set(), set()
    for moment in visit.moments:
        key = (moment.state.mode, moment.state.scan.groups, moment.state.scan.highlighted)
        if key in looked or not moment.state.scan.highlighted:
            continue
        looked.add(key)
        view, english = moment.in_language(language), moment.in_language(SOURCE_LANGUAGE)
        assert scan_groups(view, SIZE) == scan_groups(english, SIZE), language
        assert view.scanned == moment.state.scan.highlighted
        name = names_of(view, view.scanned)
        assert bool(name) == bool(names_of(english, english.scanned)), (language, view.scanned)
        named.add(name)
    assert len(looked) > 8
    if language != SOURCE_LANGUAGE:
        assert translated(message("Train"), language) in named


def test_by_one_switch_a_visitor_takes_back_a_picture_and_answers_the_question_of_reset(visit: WholeVisit) -> None:
    kiosk = visit.station.kiosk
    choose(visit, 0)
    visit.hold(1)
    press(visit, Action.UNDO)
    visit.wait_until(lambda _view: kiosk.state.shots == (0, 0, 0))
    choose(visit, 1)
    visit.hold(1)
    press(visit, Action.RESET)
    assert kiosk.state.mode is Mode.CONFIRM_RESET
    press(visit, Action.CONFIRM)
    visit.wait_until(lambda _view: kiosk.state.mode is Mode.TEACH and not any(kiosk.state.shots))
