"""Bounce, ghosts, chatter, stuck buttons and two inputs for one button, by the times of their edges."""

from __future__ import annotations

import pytest

from app.base.buttons import Action
from app.config.input_map import InputMap
from app.core.events import (
    ButtonPressed,
    ButtonReleased,
    Event,
    InputPressed,
    InputReleased,
    InputStuck,
    PinChanged,
    TimePassed,
)
from app.core.presses import Inputs, interpret

MAP = InputMap({"gpio:17": 0, "gpio:27": 1, "gpio:22": Action.TRAIN, "key:1": 0})
TICK_S = 1 / 60


class Panel:
    """Applies edges and ticks to the inputs, and records the events that follow, with their times."""

    def __init__(self, inputs: Inputs | None = None) -> None:
        self.inputs = inputs or Inputs(MAP)
        self.now_s = 10.0
        self.followed: list[tuple[float, Event]] = []

    def apply(self, event: Event) -> None:
        self.inputs, follow = interpret(self.inputs, event, self.now_s)
        self.followed += [(self.now_s, one) for one in follow]

    def run(self, until_s: float, *edges: tuple[float, str, bool]) -> None:
        """Tick until `until_s`; every edge (seconds, source, level) is applied in the tick after it happened."""
        waiting = sorted(edges)
        while self.now_s < until_s:
            before_s, self.now_s = self.now_s, self.now_s + TICK_S
            self.inputs, follow = interpret(self.inputs, TimePassed(self.now_s), before_s)
            self.followed += [(self.now_s, one) for one in follow]
            while waiting and waiting[0][0] <= self.now_s:
                at_s, source, level = waiting.pop(0)
                self.apply(PinChanged(source, level, at_s))

    @property
    def presses(self) -> list[Event]:
        return [event for _, event in self.followed if isinstance(event, ButtonPressed | ButtonReleased)]


def pulses(source: str, start_s: float, length_s: float, gap_s: float, count: int) -> list[tuple[float, str, bool]]:
    edges = []
    for number in range(count):
        at_s = start_s + number * (length_s + gap_s)
        edges += [(at_s, source, True), (at_s + length_s, source, False)]
    return edges


def counted(panel: Panel, source: str) -> tuple[int, int, int]:
    """The counts of a pin: ghosts, bounces, presses."""
    contact = panel.inputs.contacts[source]
    return contact.ghosts, contact.bounces, contact.presses


def test_a_clean_press_is_reported_as_an_input_and_as_its_button() -> None:
    panel = Panel()
    panel.run(11, (10.2, "gpio:17", True), (10.5, "gpio:17", False))
    assert [event for _, event in panel.followed] == [
        InputPressed("gpio:17"), ButtonPressed(0), InputReleased("gpio:17"), ButtonReleased(0),
    ]  # fmt: skip


def test_a_press_answers_within_the_debounce_and_two_ticks() -> None:
    panel = Panel()
    panel.run(11, (10.2, "gpio:17", True))
    (at_s, _), *_ = panel.followed
    assert at_s - 10.2 <= panel.inputs.debounce_s + 2 * TICK_S


def test_a_switch_that_bounces_is_one_press() -> None:
    panel = Panel()
    bouncing = [*pulses("gpio:17", 10.2, 0.001, 0.002, 4), (10.212, "gpio:17", True)]
    letting_go = [(10.6, "gpio:17", False), *pulses("gpio:17", 10.602, 0.003, 0.001, 3)]
    panel.run(11, *bouncing, *letting_go)
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]
    assert counted(panel, "gpio:17") == (0, 7, 1)


@pytest.mark.parametrize("length_s", [0.0001, 0.005, 0.019])
def test_a_ghost_is_not_a_press_and_is_counted(length_s: float) -> None:
    panel = Panel()
    panel.run(15, *pulses("gpio:17", 10.2, length_s, 0.7, 5))
    assert panel.followed == []
    assert counted(panel, "gpio:17") == (5, 0, 0)


def test_a_tap_longer_than_the_debounce_counts() -> None:
    panel = Panel()
    panel.run(11, *pulses("gpio:17", 10.2, 0.021, 1, 1))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]


def test_a_loose_wire_never_presses_and_staff_are_warned() -> None:
    panel = Panel()
    panel.run(12.5, *pulses("gpio:17", 10.2, 0.004, 0.004, 400))
    assert panel.followed == []
    assert panel.inputs.flickering(panel.now_s) == ("gpio:17",)
    panel.run(14)
    assert panel.inputs.flickering(panel.now_s) == ()


def test_short_interruptions_do_not_end_a_hold() -> None:
    panel = Panel()
    flicker = [(at, "gpio:17", level) for at, level in ((10.7, False), (10.71, True), (11.2, False), (11.205, True))]
    panel.run(12, (10.2, "gpio:17", True), *flicker)
    assert panel.presses == [ButtonPressed(0)]
    panel.run(12.5, (12.1, "gpio:17", False))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]
    assert counted(panel, "gpio:17") == (2, 0, 1)  # the gaps are as short as ghosts, and end where they began


def test_a_long_tick_changes_neither_what_is_a_tap_nor_what_is_a_ghost() -> None:
    panel = Panel()
    panel.run(10.1)
    happened = [*pulses("gpio:17", 10.15, 0.06, 1, 1), *pulses("gpio:27", 10.15, 0.008, 1, 1)]
    panel.apply(PinChanged("gpio:27", True, 10.15))  # applied before the stall; its end waits in the queue
    stalled_to_s = 10.6
    panel.inputs, follow = interpret(panel.inputs, TimePassed(stalled_to_s), panel.now_s)
    panel.now_s = stalled_to_s
    assert follow == ()
    for at_s, source, level in happened:
        panel.apply(PinChanged(source, level, at_s))
    panel.run(11)
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]
    assert counted(panel, "gpio:27") == (1, 0, 0)
    assert set(panel.inputs.with_short_changes) == {"gpio:27"}


def test_a_stuck_button_is_released_and_works_again_after_it_came_up() -> None:
    panel = Panel()
    panel.run(45, (10.2, "gpio:17", True))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]
    (let_go_s,) = [at_s for at_s, event in panel.followed if event == ButtonReleased(0)]
    assert let_go_s - 10.2 == pytest.approx(30, abs=0.1)
    assert (panel.inputs.stuck, panel.inputs.pressed) == (("gpio:17",), ())
    panel.run(50, (46, "gpio:17", False), (47, "gpio:17", True))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0), ButtonPressed(0)]
    assert panel.inputs.stuck == ()


def test_a_stuck_button_leaves_its_other_inputs_working() -> None:
    panel = Panel()
    panel.run(45, (10.2, "gpio:17", True))
    panel.apply(InputPressed("key:1"))
    panel.apply(InputReleased("key:1"))
    assert panel.presses[2:] == [ButtonPressed(0), ButtonReleased(0)]


def test_an_input_that_is_down_at_the_start_is_stuck_and_not_a_press() -> None:
    panel = Panel()
    panel.apply(InputStuck("gpio:17"))
    assert panel.inputs.stuck == ("gpio:17",)
    panel.apply(InputReleased("gpio:17"))
    assert (panel.inputs.stuck, panel.followed) == ((), [])


def test_a_pin_that_is_down_at_the_start_works_from_its_first_press_on() -> None:
    """A pin reports levels only: its release must end the stuck state, or the first press would be lost."""
    panel = Panel()
    panel.apply(InputStuck("gpio:17"))
    panel.run(11, (10.5, "gpio:17", False), (10.503, "gpio:17", True), (10.506, "gpio:17", False))
    assert (panel.inputs.stuck, panel.presses) == ((), [])
    panel.run(12, (11.2, "gpio:17", True), (11.5, "gpio:17", False))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]
    assert counted(panel, "gpio:17") == (0, 1, 1)


def test_two_inputs_of_one_button_are_one_press_from_the_first_down_to_the_last_up() -> None:
    panel = Panel()
    for event in (InputPressed("key:1"), InputPressed("gpio:17"), InputReleased("key:1")):
        panel.apply(event)
    assert panel.presses == [ButtonPressed(0)]
    panel.apply(InputReleased("gpio:17"))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]


def test_an_input_without_a_button_is_shown_and_does_nothing() -> None:
    panel = Panel()
    panel.apply(InputPressed("pad:0:button:1"))
    assert panel.inputs.pressed == ("pad:0:button:1",)
    panel.apply(InputReleased("pad:0:button:1"))
    assert (panel.inputs.pressed, panel.followed) == ((), [])


def test_an_input_reassigned_while_down_releases_the_button_that_it_pressed() -> None:
    panel = Panel()
    panel.apply(InputPressed("key:1"))
    panel.inputs = panel.inputs.assign("key:1", Action.TRAIN)
    for event in (InputReleased("key:1"), InputPressed("key:1"), InputReleased("key:1")):
        panel.apply(event)
    assert panel.presses == [
        ButtonPressed(0), ButtonReleased(0), ButtonPressed(Action.TRAIN), ButtonReleased(Action.TRAIN),
    ]  # fmt: skip


def test_a_press_or_release_that_is_reported_twice_counts_once() -> None:
    panel = Panel()
    for event in (InputReleased("key:1"), InputPressed("key:1"), InputPressed("key:1"), InputReleased("key:1")):
        panel.apply(event)
    panel.apply(InputReleased("key:1"))
    assert panel.presses == [ButtonPressed(0), ButtonReleased(0)]


def test_a_level_counts_from_the_moment_at_which_it_has_lasted_for_the_debounce() -> None:
    inputs, _ = interpret(Inputs(MAP, debounce_s=0.25), PinChanged("gpio:17", True, 8.0), 8.0)
    early, nothing = interpret(inputs, TimePassed(8.25), 8.125)
    assert nothing == ()
    _, follow = interpret(early, TimePassed(8.5), 8.25)
    assert follow[0] == InputPressed("gpio:17", at_s=8.0)
