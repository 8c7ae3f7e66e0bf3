"""The setting `[model] not_sure`: the kiosk's screen, the saved model and its script refuse the same pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.not_sure import STRICT_FACTOR, NotSure
from app.config.schema import ModelSettings
from app.model.not_sure import applied_threshold, with_settings_applied
from app.views.verdict import answer_of
from learning.fit import fit_head
from learning.tflite_export import append_head
from tests.support.extractors import tiny_extractor
from tests.support.kiosks import Station
from tpu.novelty import read_novelty_test

pytestmark = pytest.mark.needs_runtime


@pytest.fixture(scope="module")
def model() -> bytes:
    rng = np.random.default_rng(0)
    head = fit_head(rng.normal(0, 1, (40, 6)), np.arange(40) % 2, 2, rng=rng).head
    head.label_map = {0: "apple", 1: "cup"}
    return append_head(tiny_extractor(), head)


def test_normal_changes_no_byte(model: bytes) -> None:
    assert with_settings_applied(model, ModelSettings()) == model


def test_off_leaves_no_test_in_the_file_and_keeps_its_labels(model: bytes) -> None:
    changed = with_settings_applied(model, ModelSettings(not_sure="off", not_sure_below=0.9))
    assert read_novelty_test(changed) is None
    assert b"apple\ncup\n" in changed
    assert applied_threshold(ModelSettings(not_sure="off", not_sure_below=0.9), 0.5) == 0.0


def test_the_floor_is_written_into_the_file(model: bytes) -> None:
    before, after = (
        read_novelty_test(model),
        read_novelty_test(with_settings_applied(model, ModelSettings(not_sure_below=0.8))),
    )
    assert before is not None
    assert after is not None
    assert before.threshold < after.threshold == pytest.approx(0.8)
    x = np.linspace(-2, 2, 6, dtype=np.float32)
    assert after.novelty(x) == before.novelty(x)


@pytest.mark.parametrize("setting", ["strict", "normal"])
def test_the_file_is_sure_exactly_where_the_screen_is(model: bytes, setting: str) -> None:
    settings = ModelSettings(not_sure=setting, not_sure_below=0.4)
    own, saved = read_novelty_test(model), read_novelty_test(with_settings_applied(model, settings))
    assert own is not None
    assert saved is not None
    rng = np.random.default_rng(1)
    verdicts = []
    for scale in (0.3, 1, 2):
        for x in rng.normal(0, scale, (60, 6)).astype(np.float32):
            top = float(rng.uniform(0.3, 1))
            on_screen = answer_of(
                np.array([top, 1 - top], np.float32), max(own.threshold, 0.4), own.novelty(x), NotSure(setting)
            )
            best = max(top, 1 - top)
            verdicts.append((on_screen.sure, best >= saved.threshold and saved.novelty(x) <= 1))
    assert {one for one, _ in verdicts} == {True, False}
    assert all(screen == file for screen, file in verdicts)
    assert saved.novelty(x) == pytest.approx(own.novelty(x) * (STRICT_FACTOR if setting == "strict" else 1), rel=1e-5)


def choose(station: Station, setting: str) -> None:
    config = station.kiosk.state.config
    station.kiosk.state = replace(
        station.kiosk.state, config=replace(config, model=replace(config.model, not_sure=setting))
    )


def test_off_trains_and_saves_a_model_that_refuses_nothing(station: Station) -> None:
    choose(station, "off")
    station.train()
    assert station.kiosk.state.model is not None
    assert station.kiosk.state.model.threshold == 0.0
    station.table.show("book")
    station.look()
    assert station.kiosk.observation is not None
    assert (station.kiosk.observation.novelty, station.kiosk.observation.threshold) == (0.0, 0.0)
    station.press(Action.SAVE)
    saved = station.kiosk.saved_to
    assert saved is not None
    metadata = json.loads((saved / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["threshold"] == 0.0
    assert (metadata["not_sure"]["setting"], metadata["not_sure"]["file"]) == ("off", None)
    assert read_novelty_test(saved / metadata["model"]) is None
    assert "not sure" not in (saved / "README.txt").read_text(encoding="utf-8")


def test_a_setting_that_changes_after_the_training_is_saved_with_the_model(station: Station) -> None:
    station.train()
    choose(station, "strict")
    station.press(Action.SAVE)
    saved, model = station.kiosk.saved_to, station.vision.model
    assert saved is not None
    assert model is not None
    metadata = json.loads((saved / "metadata.json").read_text(encoding="utf-8"))
    test = read_novelty_test(saved / metadata["model"])
    own = read_novelty_test(model.path)
    assert test is not None
    assert own is not None
    assert metadata["threshold"] == pytest.approx(test.threshold)
    assert metadata["threshold"] == pytest.approx(applied_threshold(ModelSettings(not_sure="strict"), own.threshold))
    assert test.residual_weight == pytest.approx(own.residual_weight * STRICT_FACTOR)


def test_the_report_of_a_model_that_is_saved_with_off_says_that_it_is_never_not_sure(station: Station) -> None:
    station.train()
    choose(station, "off")
    station.press(Action.SAVE)
    assert station.kiosk.saved_to is not None
    page = (station.kiosk.saved_to / "report.html").read_text(encoding="utf-8")
    assert "its answer is never “not sure”" in page
    assert "the answer is “not sure”" not in page
