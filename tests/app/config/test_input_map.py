"""Which input is which button: settings, conflicts, assignment, and the way into a file and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.buttons import Action, OnScreen
from app.base.errors import ConfigInvalid
from app.config.input_map import KEYS, InputMap, button_name, button_named, input_map, pins_of
from app.config.schema import Config, load_config

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


def test_a_setting_takes_a_source_away_from_what_it_is_by_default() -> None:
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
def test_what_cannot_be_an_input_is_refused_with_examples(source: str, tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text(f'[inputs]\nundo = ["{source}"]\n')
    with pytest.raises(ConfigInvalid) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"{path}: {source!r} is no input. Write key:space, pad:0:button:3, pad:0:axis:1+, pad:0:hat:0:up or gpio:17."
    )


@given(st.sampled_from(SOURCES), st.sampled_from(BUTTONS))
def test_an_assigned_source_is_that_button_alone_and_all_others_stay(source: str, button: int | Action) -> None:
    before = input_map(KEYS)
    after = before.assign(source, button)
    assert after.button_of(source) == button
    assert {other: meant for other, meant in after.buttons.items() if other != source} == {
        other: meant for other, meant in before.buttons.items() if other != source
    }
    assert after.without(source).button_of(source) is None


@given(st.dictionaries(st.sampled_from(SOURCES), st.sampled_from(BUTTONS)))
def test_a_map_comes_back_from_its_texts(buttons: dict[str, int | Action]) -> None:
    texts = InputMap(buttons).as_dict()
    assert all(isinstance(text, str) for text in (*texts, *texts.values()))
    assert InputMap.from_dict(texts) == InputMap(buttons)


@pytest.mark.parametrize("button", BUTTONS)
def test_every_button_has_a_name_of_its_own(button: int | Action) -> None:
    assert button_named(button_name(button)) == button


@pytest.mark.parametrize("button", [*Action])
def test_every_action_can_be_set_to_inputs(button: Action) -> None:
    assert hasattr(Config().inputs, button.value)


@pytest.mark.parametrize("name", ["class_0", "class_10", "trane"])
def test_a_button_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        InputMap.from_dict({"key:1": name}, "settings.json")
    actions = ", ".join(action.value for action in Action)
    assert str(caught.value) == (
        f"settings.json: there is no button {name!r}. There are: class_1 to class_9, {actions}."
    )


def test_something_on_the_screen_is_no_button_for_an_input() -> None:
    with pytest.raises(ConfigInvalid, match=r"^gallery is touched on the screen; no input can be it\.$"):
        input_map(KEYS).assign("key:1", OnScreen("gallery", 0))


def test_pins_are_those_of_the_pin_sources() -> None:
    assert pins_of(["key:1", "gpio:17", "pad:0:button:3", "gpio:4", "gpio:17"]) == (17, 4)
