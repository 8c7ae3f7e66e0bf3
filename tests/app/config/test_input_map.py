"""The map from inputs to buttons: settings, conflicts, assignment, and names in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.buttons import Action, ClassGallery
from app.base.errors import ConfigInvalid
from app.config.input_map import KEYS, button_name, button_named, input_map, pins_of
from app.config.load import load_config
from app.config.schema import Config

BUTTONS = [*range(9), *Action]
SOURCES = ["key:space", "key:1", "pad:0:button:3", "pad:1:axis:1-", "pad:0:hat:0:up", "gpio:17"]


def test_without_settings_digits_are_classes_and_letters_are_actions() -> None:
    usual = input_map(vars(Config().inputs))
    assert usual.button_of("key:1") == usual.button_of("key:kp_1") == 0
    assert usual.button_of("key:9") == 8
    assert {name: usual.button_of(f"key:{name}") for name in ("t", "return", "kp_enter", "z", "s", "r", "y", "n")} == {
        "t": Action.TRAIN, "return": Action.TRAIN, "kp_enter": Action.TRAIN, "z": Action.UNDO, "s": Action.SAVE,
        "r": Action.RESET, "y": Action.CONFIRM, "n": Action.CANCEL,
    }  # fmt: skip
    assert (usual.button_of("key:f11"), usual.button_of("key:escape")) == (Action.FULLSCREEN, Action.LEAVE)
    assert usual.button_of("gpio:17") is None


def test_a_setting_takes_a_source_away_from_its_default_button() -> None:
    chosen = input_map({**KEYS, "class_1": ("key:s", "gpio:17")})
    assert chosen.sources_of(0) == ("key:s", "gpio:17")
    assert chosen.sources_of(Action.SAVE) == ()
    assert chosen.button_of("key:1") is None


def test_two_settings_that_name_one_source_are_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text('[inputs]\nclass_1 = ["gpio:17"]\ntrain = ["gpio:4", "gpio:17"]\n')
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == f"{path}: inputs.train and inputs.class_1 both name gpio:17. Take it out of one."


@pytest.mark.parametrize(
    "source", ["space", "gpio:", "gpio:x", "pad:0:button", "pad:0:axis:1", "pad:0:hat:0:north", ""]
)
def test_an_invalid_input_is_refused_with_examples(source: str, tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(f'[inputs]\nundo = ["{source}"]\n')
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"{path}: {source!r} is not an input. "
        "Write key:space, pad:0:button:3, pad:0:axis:1+, pad:0:hat:0:up or gpio:17."
    )


@given(st.sampled_from(SOURCES), st.sampled_from(BUTTONS))
def test_assigning_a_source_changes_its_button_and_no_other_source(source: str, button: int | Action) -> None:
    before = input_map(KEYS)
    after = before.assign(source, button)
    assert after.button_of(source) == button
    assert {other: meant for other, meant in after.buttons.items() if other != source} == {
        other: meant for other, meant in before.buttons.items() if other != source
    }


@pytest.mark.parametrize("button", BUTTONS)
def test_every_button_is_found_by_its_name(button: int | Action) -> None:
    assert button_named(button_name(button)) == button


@pytest.mark.parametrize("button", [*Action])
def test_every_action_has_a_setting_for_its_inputs(button: Action) -> None:
    assert hasattr(Config().inputs, button.value)


@pytest.mark.parametrize("name", ["class_0", "class_10", "trane"])
def test_an_unknown_button_is_refused_with_all_names(name: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        button_named(name, "settings.json")
    actions = ", ".join(action.value for action in Action)
    assert str(caught.value) == (
        f"settings.json: the button {name!r} does not exist. Choose one of: class_1 to class_9, {actions}."
    )


def test_an_input_cannot_be_assigned_to_something_on_the_screen() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        input_map(KEYS).assign("key:1", ClassGallery(0))
    assert str(caught.value) == ("A key of the screen takes no input. Assign the input to a class button or an action.")


def test_pins_are_those_of_the_pin_sources() -> None:
    assert pins_of(["key:1", "gpio:17", "pad:0:button:3", "gpio:4", "gpio:17"]) == (17, 4)
