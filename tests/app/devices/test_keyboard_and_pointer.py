"""Keys, mouse and touch, from the events of the window."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from app.base.buttons import Action, StoredPicture
from app.base.errors import ConfigInvalid
from app.config.input_map import KEYS, InputMap, input_map
from app.core.events import ButtonPressed, ButtonReleased, InputPressed, InputReleased, ScreenTouched, WindowClosed
from app.devices.keyboard import Keyboard, check_keys
from app.devices.pointer import Pointer


def key(kind: int, code: int, scancode: int = 0) -> Any:
    return pygame.event.Event(kind, key=code, scancode=scancode)


def test_a_repeated_key_is_pressed_and_released_once() -> None:
    keyboard = Keyboard()
    down, up = key(pygame.KEYDOWN, pygame.K_SPACE), key(pygame.KEYUP, pygame.K_SPACE)
    events = [event for happened in (down, down, up, up) for event in keyboard.translate(happened)]
    assert events == [InputPressed("key:space"), InputReleased("key:space")]


@pytest.mark.parametrize(
    ("code", "name"),
    [(pygame.K_1, "1"), (pygame.K_KP1, "kp_1"), (pygame.K_KP_ENTER, "kp_enter"), (pygame.K_RETURN, "return"),
     (pygame.K_t, "t"), (pygame.K_F11, "f11"), (pygame.K_ESCAPE, "escape"), (pygame.K_LEFT, "left"),
     (0x40000119, "code_1073742105")],
)  # fmt: skip
def test_every_key_has_a_fixed_name(code: int, name: str) -> None:
    assert Keyboard().translate(key(pygame.KEYDOWN, code)) == (InputPressed(f"key:{name}"),)


def test_arrows_up_and_down_carry_the_buttons_ahead_of_the_cursor() -> None:
    asked = []

    def ahead(step: int) -> tuple[object, ...]:
        asked.append(step)
        return (StoredPicture(step), "corner", Action.UNDO)

    keyboard = Keyboard(ahead)
    up, down = (keyboard.translate(key(pygame.KEYDOWN, code)) for code in (pygame.K_UP, pygame.K_DOWN))
    assert up == (InputPressed("key:up", (StoredPicture(-1), Action.UNDO)),)
    assert down == (InputPressed("key:down", (StoredPicture(1), Action.UNDO)),)
    assert keyboard.translate(key(pygame.KEYDOWN, pygame.K_LEFT)) == (InputPressed("key:left"),)
    assert asked == [-1, 1]


def test_the_digit_row_of_a_french_keyboard_has_digits() -> None:
    keyboard = Keyboard()
    assert keyboard.translate(key(pygame.KEYDOWN, pygame.K_AMPERSAND, pygame.KSCAN_1)) == (InputPressed("key:1"),)
    assert keyboard.translate(key(pygame.KEYUP, pygame.K_AMPERSAND, pygame.KSCAN_1)) == (InputReleased("key:1"),)


def test_the_key_labelled_z_is_z_on_a_german_keyboard() -> None:
    assert Keyboard().translate(key(pygame.KEYDOWN, pygame.K_z, pygame.KSCAN_Y)) == (InputPressed("key:z"),)


def test_losing_the_focus_releases_every_key() -> None:
    keyboard = Keyboard()
    for code in (pygame.K_1, pygame.K_t):
        keyboard.translate(key(pygame.KEYDOWN, code))
    lost = keyboard.translate(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    assert lost == (InputReleased("key:1"), InputReleased("key:t"))
    assert keyboard.translate(key(pygame.KEYUP, pygame.K_1)) == ()


@pytest.mark.parametrize("has_frame", [True, False])
def test_closing_the_window_says_whether_it_has_a_button_for_that(has_frame: bool) -> None:
    keyboard = Keyboard(has_frame=lambda: has_frame)
    assert keyboard.translate(pygame.event.Event(pygame.QUIT)) == (WindowClosed(by_button=has_frame),)


def test_alt_f4_is_not_the_windows_button_even_where_a_window_manager_keeps_f4_for_itself() -> None:
    now_s = 10.0
    keyboard = Keyboard(has_frame=lambda: True, clock=lambda: now_s)
    keyboard.translate(key(pygame.KEYDOWN, pygame.K_LALT))
    keyboard.translate(key(pygame.KEYUP, pygame.K_LALT))
    now_s = 10.4
    assert keyboard.translate(pygame.event.Event(pygame.QUIT)) == (WindowClosed(by_button=False),)
    now_s = 12.0
    assert keyboard.translate(pygame.event.Event(pygame.QUIT)) == (WindowClosed(by_button=True),)
    f4 = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_F4, mod=pygame.KMOD_LALT)
    assert keyboard.translate(f4) == (WindowClosed(by_button=False),)


def test_all_keys_of_the_default_settings_exist() -> None:
    check_keys(input_map(KEYS))


def test_an_unknown_key_in_the_settings_is_refused() -> None:
    with pytest.raises(ConfigInvalid) as caught:
        check_keys(InputMap({"key:spcae": 0}))
    assert str(caught.value) == (
        "unknown key 'spcae'. Keys have names such as key:space, key:kp_1, key:f2 and key:left; "
        "the staff page shows the name of every key that is pressed."
    )


def test_a_touch_counts_once_and_is_released_anywhere() -> None:
    pointer = Pointer(lambda at: 2 if at == (320, 180) else None, lambda: (640, 360))
    down = pygame.event.Event(pygame.FINGERDOWN, x=0.5, y=0.5, finger_id=1)
    mouse = pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(320, 180), button=1, touch=True)
    up = pygame.event.Event(pygame.FINGERUP, x=0.9, y=0.9, finger_id=1)
    events = [event for happened in (down, mouse, up) for event in pointer.translate(happened)]
    assert events == [ButtonPressed(2), ButtonReleased(2)]
    assert events[0].touched


def test_a_touch_beside_all_buttons_is_reported() -> None:
    pointer = Pointer(lambda _at: None, lambda: (640, 360))
    down = pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(3, 3), button=1)
    up = pygame.event.Event(pygame.MOUSEBUTTONUP, pos=(3, 3), button=1)
    assert (pointer.translate(down), pointer.translate(up)) == ((ScreenTouched(),), ())


def test_losing_the_focus_releases_every_touch() -> None:
    pointer = Pointer(lambda _at: 1, lambda: (640, 360))
    pointer.translate(pygame.event.Event(pygame.FINGERDOWN, x=0.5, y=0.5, finger_id=1))
    assert pointer.translate(pygame.event.Event(pygame.WINDOWFOCUSLOST)) == (ButtonReleased(1),)
