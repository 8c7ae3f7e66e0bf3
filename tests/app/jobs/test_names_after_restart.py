"""The session stores where the names of its classes come from, so that a restart can translate them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.buttons import Action, ClassName, RemoveClass
from app.core.facts import NameFrom
from app.core.modes.language import at_start
from app.jobs.classes import origins_of
from app.jobs.first_state import first_state
from app.session.store import SessionStore
from tests.support.kiosks import Station
from tests.support.settings import changed

pytestmark = pytest.mark.needs_runtime


def test_default_names_follow_the_language_over_a_restart_and_names_that_were_typed_stay(station: Station) -> None:
    station.teach(2)
    state = station.kiosk.state
    config = changed(state.config, {"classes.labels": ("", "", "")})
    named = tuple(
        replace(one, label=label, name_from=origin)
        for one, label, origin in zip(
            state.classes, ("Red", "cup", "Yellow"), (NameFrom.COLOUR, NameFrom.PERSON, NameFrom.COLOUR), strict=True
        )
    )
    station.kiosk.state = replace(state, classes=named, config=config)
    station.press(Action.LANGUAGE)
    assert station.store.load().labels == ("Rot", "cup", "Gelb")
    assert station.store.names_from() == ("colour", "person", "colour")
    again = first_state(replace(station.tools, config=config), station.services)
    assert origins_of(again.classes) == ("colour", "person", "colour")
    assert at_start(again)[0].labels == ("Red", "cup", "Yellow")


def test_origins_of_other_names_than_the_stored_ones_do_not_count(station: Station) -> None:
    station.store.rename(("Red", "cup", "duck"), ("colour", "person", 2))
    assert station.store.names_from() == ("colour", "person", 2)
    station.store.replace_with(replace(station.store.load(), labels=("Red", "duck", "cup")))
    assert station.store.names_from() == ()


def test_default_names_follow_the_language_over_a_restart_after_a_class_was_removed(station: Station) -> None:
    station.teach(2)
    config = changed(station.kiosk.state.config, {"classes.labels": ("", "", "")})
    named = (("Red", NameFrom.COLOUR), ("cup", NameFrom.PERSON), ("Yellow", NameFrom.COLOUR))
    classes = tuple(
        replace(one, label=label, name_from=origin)
        for one, (label, origin) in zip(station.kiosk.state.classes, named, strict=True)
    )
    station.kiosk.state = replace(station.kiosk.state, classes=classes, config=config)
    station.store.rename(("Red", "cup", "Yellow"), ("colour", "person", "colour"))
    station.panel.tap(ClassName(0))
    station.panel.tap(RemoveClass(0))
    station.press(Action.CONFIRM)
    assert station.store.labels() == ("cup", "Blue")
    assert station.store.names_from() == ("person", "colour")
    again = first_state(replace(station.tools, config=config), station.services)
    assert origins_of(again.classes) == ("person", "colour")


def test_a_session_that_stores_them_is_sound_when_it_is_opened_again(tmp_path: Path) -> None:
    for given in (("Red", "cup"), ("Red", "cup"), ("Rot", "cup")):
        store = SessionStore(tmp_path / "s.sqlite3", labels=given, extractor_name="e", extractor_sha256="1" * 64)
        assert store.opened.repair is None
        store.rename(given, ("colour", None))
        assert store.names_from() == ("colour", None)
        store.close()
    assert [path.name for path in tmp_path.glob("*damaged*")] == []


def test_origins_do_not_count_after_an_older_kiosk_gave_the_classes_other_names(tmp_path: Path) -> None:
    store = SessionStore(tmp_path / "s.sqlite3", labels=("Red", "cup"), extractor_name="e", extractor_sha256="1" * 64)
    store.rename(("Red", "cup"), ("colour", "person"))
    with closing(sqlite3.connect(tmp_path / "s.sqlite3")) as database, database:  # it knew nothing of origins
        database.execute("UPDATE labels SET label = 'duck' WHERE class_index = 0")
    assert (store.labels(), store.names_from()) == (("duck", "cup"), ())
    store.close()
