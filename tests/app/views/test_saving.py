"""The page of SAVE celebrates what was taught, and says what to do now and at home."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from unittest.mock import ANY

import numpy as np
import pytest

from app.base.file_names import HOME_PAGE
from app.base.i18n import LANGUAGES
from app.base.picture import Picture
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.pages import SavingState
from app.core.state import KioskState, Mode
from app.model.saved_folder.facts import export_name
from app.ui.painting.shapes import ICONS
from app.views.model import Saving
from app.views.saving import celebration, how_many, saving
from app.views.words import Translator
from tests.support.states import PICTURE, kiosk

STAGES = tuple((stage, True) for stage in ev.SavingStage)
NAME = export_name(datetime(2026, 11, 30, 14, 12), "apple cup")


def shown(state: KioskState | None = None, language: str = "en", **changes: object) -> Saving:
    model = TrainedFacts(1.0, 0.5, (3, 3))
    state = state or kiosk(3, 3, model=model)
    page = SavingState(drive="KATJA", folder=f"/media/ada/KATJA/teachable/{NAME}", done=STAGES, finished=True)
    state = replace(state, mode=Mode.SAVING, saving=replace(page, **changes))  # type: ignore[arg-type]
    view = saving(state, Translator(language))
    assert view is not None
    return view


def test_a_saved_model_is_celebrated_with_its_pictures_and_what_to_open_at_home() -> None:
    classes = (TaughtClass("apple", 3, (PICTURE,)), TaughtClass("cup", 3), TaughtClass("book", 0))
    page = shown(replace(kiosk(), classes=classes, model=TrainedFacts(1.0, 0.5, (3, 3, 0))))
    seen = PICTURE.as_seen(mirror=kiosk().config.camera.mirror)
    assert page.title == "You taught it apple and cup!"
    assert [(one.label, one.picture) for one in page.things] == [("apple", ANY), ("cup", None)]
    assert page.things[0].picture.key == seen.key
    assert np.array_equal(page.things[0].picture.pixels, seen.pixels)
    assert page.text == "You may pull the drive out now."
    assert page.home == f"At home, open {HOME_PAGE} on the drive."
    assert [(step.text, step.done) for step in page.steps] == [
        ("Write", True), ("Finish", True), ("Check", True), ("Eject", True),
    ]  # fmt: skip


@pytest.mark.parametrize("mirror", [True, False])
def test_the_pictures_are_mirrored_exactly_if_that_of_the_camera_is(mirror: bool) -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    classes = (TaughtClass("apple", 3, (Picture(("sample", 1), pixels),)), TaughtClass("cup", 3))
    state = replace(kiosk(), classes=classes, model=TrainedFacts(1.0, 0.5, (3, 3)))
    state = replace(state, config=replace(state.config, camera=replace(state.config.camera, mirror=mirror)))
    (thing, _) = shown(state).things
    assert thing.picture is not None
    assert np.array_equal(thing.picture.pixels, pixels[:, ::-1] if mirror else pixels)


@pytest.mark.parametrize("name", [NAME, "holiday"])
def test_the_page_names_the_folders_to_open_at_home_as_a_file_manager_shows_them(name: str) -> None:
    page = shown(folder=f"/media/ada/KATJA/teachable/{name}")
    assert page.where == f"On the drive KATJA, folder teachable\N{NO-BREAK SPACE}› {name}"
    texts = (page.title, page.text, page.home, page.where, *(step.text for step in page.steps))
    assert not any("/" in text for text in texts)


def test_go_on_has_no_arrow_back() -> None:
    (key,) = shown().keys
    assert (key.text, key.name, key.suggested) == ("Go on", "later", True)
    assert key.name in ICONS


def test_nothing_is_promised_for_home_before_the_folder_is_complete() -> None:
    assert (shown(finished=False).home, shown(finished=False).title) == ("", "Saving your model")


def test_without_a_drive_the_model_has_a_number_for_staff_and_no_path() -> None:
    page = shown(with_pin(kiosk(3, 3, model=TrainedFacts(1.0, 0.5, (3, 3)))), drive="", number=17)
    assert (page.text, page.where) == ("Ask staff: your model is number 17.", "")
    assert page.home == "Or plug in a drive and press SAVE again."


def test_without_a_drive_and_without_a_pin_the_page_says_where_the_folder_is() -> None:
    """There may be no staff who could copy it."""
    page = shown(drive="", number=17, folder="/home/ada/Documents/teachable/17")
    assert page.text == "It is kept on this machine."
    assert page.home == "To take it home, plug in a drive and press SAVE again."
    assert "17" not in page.text + page.home  # there is nobody to tell it
    assert page.where == "On this machine: Documents\N{NO-BREAK SPACE}› teachable\N{NO-BREAK SPACE}› 17"


@pytest.mark.parametrize("drive", ["", "KATJA"])
def test_until_the_folder_is_known_the_page_names_none(drive: str) -> None:
    assert shown(finished=False, drive=drive, folder="").where == ""


def with_pin(state: KioskState) -> KioskState:
    staff = replace(state.config.staff, pin="scrypt$of$a$pin")
    return replace(state, config=replace(state.config, staff=staff))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [2, 3, 9])
def test_all_things_are_named_in_their_order_and_counted_where_they_do_not_fit(count: int, language: str) -> None:
    labels, translate = "ABCDEFGHI"[:count], Translator(language)
    named, counted = translate(celebration(labels)), translate(how_many(labels))
    places = [named.index(f" {label}") for label in labels]
    assert places == sorted(places)
    assert str(count) in counted
    assert not all(f" {label}" in counted for label in labels)


def test_until_it_is_saved_nothing_is_counted_and_one_thing_is_not_either() -> None:
    assert (shown(finished=False).short_title, how_many(("apple",))) == ("", "")
    assert shown().short_title == "You taught it 2 things!"
