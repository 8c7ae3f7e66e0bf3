"""One switch is enough: a highlight moves over what can be pressed, and any input presses what is highlighted.

While `scan.enabled` is set, every key, pin and touch is the switch; only the keys that leave the program or its full
screen and the corner for staff keep their meaning. A hold of the switch is a hold of what is highlighted, so it teaches
as the button of a class does. The corner for staff is among what is highlighted: held as long as a finger would have to
hold it, it opens the staff pages, and the switch operates them. Opened in another way, they are operated as always.

The screen says what it offers (`TargetsShown`), so the highlight reaches everything that can be touched. While the
screen is read aloud the highlight stands still, so that whoever only hears it knows what a press would do.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from app.base.buttons import Action, Button, ScreenKey
from app.config.checks import AT_ONCE, AT_PRESS
from app.core import events as ev
from app.core.modes.recovery import is_calm
from app.core.scan import Scan
from app.core.state import KioskState, Mode, Step

ROUNDS_IN_GROUP = 2  # then the highlight moves over the groups again
AFTER_SPEECH_S = 0.6  # to press what was just named
ROUNDS = 3  # then a highlight that starts with a press waits for the next one
ANY_PRESS = (Mode.ATTRACT, Mode.STILL_THERE)  # modes in which every press means the same
KEEP_MEANING = (Action.FULLSCREEN, Action.LEAVE, ScreenKey.CORNER)


def scans(state: KioskState) -> bool:
    """Whether every input is the switch now."""
    by_switch = state.mode is not Mode.STAFF or (state.staff.by_switch and state.staff.listening is None)
    return state.config.scan.enabled and by_switch and state.fault is None


def as_switch(state: KioskState, origin: ev.Event, events: tuple[ev.Event, ...]) -> tuple[KioskState, list[ev.Event]]:
    """Turn inputs into presses of what is highlighted, and move the highlight on.

    Args:
        state: The state, with the inputs as they are after the events.
        origin: The event that happened.
        events: That event and those that follow from it.

    Returns:
        The state, and the events to apply.
    """
    if not scans(state):
        return state if state.scan == _NOTHING else replace(state, scan=_NOTHING), list(events)
    kept: list[ev.Event] = []
    for event in events:
        state, more = _translated(state, event, touched=event is origin)
        kept += more
    switch = state.scan.switch
    if isinstance(switch, str) and switch not in state.inputs.pressed:  # it came up, or it is stuck
        state, more = _released(state, getattr(origin, "at_s", None))
        kept = [*more, *kept] if isinstance(origin, ev.TimePassed) else [*kept, *more]
    return state, kept


def targets_shown(state: KioskState, event: ev.TargetsShown) -> Step:
    """Move over what the screen offers now. The highlight stays on its button while the screen still offers it."""
    if not scans(state):
        return state, ()
    if event.speaking:
        moves_at_s = max(state.scan.moves_at_s, state.now_s + AFTER_SPEECH_S)
        state = replace(state, scan=replace(state.scan, moves_at_s=moves_at_s))
    if event.groups == state.scan.groups:
        return state, ()
    scan, groups = state.scan, event.groups
    kept = _place_of(scan.highlighted[0], groups) if scan.highlighted else None
    running = scan.running or state.config.scan.start == AT_ONCE
    if kept is None:
        scan = replace(scan, groups=groups, group=None, place=0, rounds=0, running=running)
        return replace(state, scan=_waiting(state, scan)), ()
    group, place = kept
    inside = scan.group is not None and len(groups[group]) > 1
    scan = replace(scan, groups=groups, group=group if inside else None, place=place if inside else group)
    return replace(state, scan=scan), ()


def after_page_change(before: KioskState, after: KioskState) -> KioskState:
    """Forget what the screen offered when it changes, so that a late press presses nothing of the screen before."""
    if after.scan == _NOTHING or _page(before) == _page(after):
        return after
    return replace(after, scan=replace(after.scan, groups=(), group=None, place=0, rounds=0))


def _place_of(button: Button, groups: tuple[tuple[Button, ...], ...]) -> tuple[int, int] | None:
    return next(((place, group.index(button)) for place, group in enumerate(groups) if button in group), None)


def _translated(state: KioskState, event: ev.Event, *, touched: bool) -> tuple[KioskState, tuple[ev.Event, ...]]:
    """Translate one event; a press that is not `touched` belongs to an input that came with it."""
    match event:
        case ev.InputPressed(source):
            if state.inputs.map.button_of(source) in KEEP_MEANING:
                return state, (event,)
            return _pressed(state, source, event.at_s)
        case ev.ButtonPressed(button) if button not in KEEP_MEANING:
            if touched:
                return _pressed(state, button, event.at_s)
            return replace(state, down=(*state.down, button)), ()  # staff hold two buttons to open their pages
        case ev.ButtonReleased(button) if button not in KEEP_MEANING:
            state = replace(state, down=tuple(one for one in state.down if one != button))
            return _released(state, event.at_s) if touched and state.scan.switch == button else (state, ())
        case ev.ScreenTouched():
            state, pressed = _pressed(state, ScreenKey.SWITCH, event.at_s)
            state, released = _released(state, event.at_s)
            return state, (*pressed, *released)
        case ev.TimePassed():
            state, pressed = _look_at_the_clock(state)
            return state, (*pressed, event)
    return state, (event,)


def _pressed(state: KioskState, switch: Hashable, at_s: float | None) -> tuple[KioskState, tuple[ev.Event, ...]]:
    state = replace(state, last_input_s=state.now_s)
    if state.scan.switch is not None:
        return state, ()  # two inputs at once: the first one goes on
    at_s = state.now_s if at_s is None else at_s
    any_press = state.mode in ANY_PRESS or is_calm(state)
    state = replace(state, scan=replace(state.scan, switch=switch, since_s=at_s, acted=any_press))
    if any_press:
        return state, (ev.ScreenTouched(at_s=at_s),)
    return (state, ()) if state.config.scan.dwell_s > 0 else _act(state, at_s)


def _released(state: KioskState, at_s: float | None) -> tuple[KioskState, tuple[ev.Event, ...]]:
    scan, chosen = state.scan, state.scan.chosen
    if chosen is not None and not isinstance(chosen, int) and scan.group is not None:
        scan = replace(scan, group=None, place=scan.group)
    scan = replace(scan, switch=None, acted=False, chosen=None)
    state = replace(state, scan=_waiting(state, scan), last_input_s=state.now_s)
    return state, () if chosen is None else (ev.ButtonReleased(chosen, at_s=at_s),)


def _act(state: KioskState, at_s: float) -> tuple[KioskState, tuple[ev.Event, ...]]:
    """The switch was down long enough: start the highlight, enter a group, or press a button."""
    scan = replace(state.scan, acted=True, rounds=0)
    if not scan.groups:
        return replace(state, scan=scan), ()
    if not scan.running:
        return replace(state, scan=_waiting(state, replace(scan, running=True, place=0))), ()
    highlighted = scan.highlighted
    if scan.group is None and len(highlighted) > 1:
        return replace(state, scan=_waiting(state, replace(scan, group=scan.place, place=0))), ()
    button = highlighted[0]
    return replace(state, scan=replace(scan, chosen=button)), (ev.ButtonPressed(button, at_s=at_s),)


def _look_at_the_clock(state: KioskState) -> tuple[KioskState, tuple[ev.Event, ...]]:
    scan = state.scan
    if scan.switch is not None:  # the highlight stands still
        waited = not scan.acted and state.now_s - scan.since_s >= state.config.scan.dwell_s
        return _act(state, state.now_s) if waited else (state, ())
    if not scan.running or not scan.groups or state.now_s < scan.moves_at_s:
        return state, ()
    return replace(state, scan=_waiting(state, _moved(state, scan))), ()


def _moved(state: KioskState, scan: Scan) -> Scan:
    place = scan.place + 1
    if place < len(scan.places):
        return replace(scan, place=place)
    rounds = scan.rounds + 1
    if scan.group is not None and rounds >= ROUNDS_IN_GROUP:
        return replace(scan, group=None, place=scan.group, rounds=0)
    if scan.group is None and rounds >= ROUNDS and state.config.scan.start == AT_PRESS:
        return replace(scan, running=False, place=0, rounds=0)
    return replace(scan, place=0, rounds=rounds)


def _waiting(state: KioskState, scan: Scan) -> Scan:
    """The highlight stays on the first place for one and a half steps: it takes a moment to see where it begins."""
    steps = 1.5 if scan.place == 0 else 1.0
    return replace(scan, moves_at_s=state.now_s + steps * state.config.scan.step_s)


def _page(state: KioskState) -> tuple[object, ...]:
    typed = None if state.typing is None else state.typing.purpose
    staff = (state.staff.page, state.staff.inside, state.staff.asked)
    return state.mode, typed, state.gallery.class_index, state.game is None, staff


_NOTHING = Scan()
