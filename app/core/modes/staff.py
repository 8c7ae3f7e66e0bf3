"""The staff pages: opening them, the PIN, what each press does, and leaving."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import (
    Action,
    ArchivedSession,
    Button,
    ChooseLesson,
    ClassName,
    LearnInput,
    PowerKey,
    ScreenKey,
    SettingStep,
    SettingText,
    StaffPage,
    StaffTab,
)
from app.base.exhaustive import assert_never
from app.base.i18n import Message, counted, message
from app.base.pin import is_pin, matches
from app.base.tone import Tone
from app.config.input_map import button_named, input_map
from app.core import events as ev
from app.core.modes import class_list, lessons, text_settings, typing
from app.core.modes.language import with_language, with_palette, with_settings
from app.core.modes.settings import CHOICES, NUMBER_OF_CLASSES, OWN_STARTER, change_settings
from app.core.modes.why import visit_over
from app.core.pages import TypingPurpose, TypingState
from app.core.state import KioskState, Mode, Step, noticed, refused

SURE_AFTER_S = 0.8
LONGEST_LOCK_S = 300.0  # a lock doubles with each wrong PIN up to this
COPIES_S = 120.0  # how long the notice stays at most; what comes of it replaces the notice
NO_PIN_TYPED_S = 30.0  # after which the number pad for the PIN closes
NO_ENTRY_FROM = (Mode.TRAINING, Mode.ERASING, Mode.REMOVING, Mode.IMPORTING, Mode.STAFF)
ASSIGNABLE_ACTIONS = (
    *(Action.TRAIN, Action.UNDO, Action.SAVE, Action.RESET),
    *(Action.RESULTS, Action.GALLERY, Action.NAME, Action.WHY, Action.PLAY, Action.LANGUAGE),
)


def watch_hold(state: KioskState) -> Step:
    """Open the pages when the two buttons or the corner were held long enough; leave the page that tests buttons."""
    wanted = {button_named(name) for name in state.config.staff.hold}
    holding = ScreenKey.CORNER in state.down or wanted <= set(state.down)
    writing = state.mode is Mode.SAVING and not state.saving.finished
    # The buttons of the box can leave the page that tests them only by being held.
    testing = state.mode is Mode.STAFF and state.staff.page is StaffPage.BUTTONS
    if not holding or (state.mode in NO_ENTRY_FROM and not testing) or writing or state.typing is not None:
        return _holding(state, None), ()
    if state.shown_from or state.staff.listening is not None or state.staff.asked is not None:
        return _holding(state, None), ()
    since_s = state.staff.hold_since_s
    if since_s is None:
        return _holding(state, state.now_s), ()
    if state.now_s - since_s < state.config.staff.hold_s:
        return state, ()
    by_finger = ScreenKey.CORNER in state.down
    by_switch = state.scan.chosen is ScreenKey.CORNER
    state = _holding(replace(state, down=(), held=None, notice=None, cursor=None if by_finger else 0), None)
    if state.mode is Mode.STAFF:
        return _left(state), ()
    state = replace(state, staff=replace(state.staff, by_switch=by_switch))
    return (pin_asked(state), ()) if state.has_pin else _opened(state)


def pin_asked(state: KioskState) -> KioskState:
    """Show the number pad for the PIN."""
    return replace(state, mode=Mode.STAFF, typing=TypingState(TypingPurpose.PIN))


def give_up_pin(state: KioskState) -> Step:
    """Close the number pad for the PIN if nobody types."""
    waiting = state.mode is Mode.STAFF and not state.staff.inside
    return (_left(state) if waiting and state.now_s - state.last_input_s > NO_PIN_TYPED_S else state), ()


def watch_lock(state: KioskState) -> Step:
    """Forget a lock that is over, so that a restart does not begin it again."""
    if not 0 < state.staff.locked_until_s <= state.now_s:
        return state, ()
    state = replace(state, staff=replace(state.staff, locked_until_s=0.0))
    return state, (ev.RememberPinLock(state.staff.wrong_pins, 0.0),)


def is_chord(state: KioskState, button: Button) -> bool:
    """Whether this press completes the two buttons that open the staff pages: then it has no other effect."""
    wanted = {button_named(name) for name in state.config.staff.hold}
    return button in wanted and wanted <= set(state.down)


def pressed(state: KioskState, button: Button) -> Step:
    """A press on the staff pages; `app.core.modes.cursor` has already interpreted the buttons of the box."""
    if state.typing is not None:
        return _left_if_outside(typing.pressed(state, button, text_done))
    staff = state.staff
    if staff.asked is not None:
        return _answered(state, button)
    match button:
        case StaffTab(page):
            state = replace(state, staff=replace(staff, page=page, listening=None))
            return state, (ev.LookForLessons() if page is StaffPage.LESSONS else ev.LookAtSystem(),)
        case ChooseLesson(key):
            return lessons.chosen(state, key)
        case ScreenKey.LESSON_CARDS if staff.lessons:
            return state, (ev.WriteLessonCards(tuple(one.lesson for one in staff.lessons), state.language),)
        case SettingText(name):
            return text_settings.opened(state, name)
        case SettingStep(name, step):
            return _stepped(state, name, step)
        case ClassName(index) if 0 <= index < len(state.classes):
            return typing.named(state, index)
        case ScreenKey.NEW_PIN if state.has_pin:
            return replace(state, typing=TypingState(TypingPurpose.NEW_PIN)), ()
        case LearnInput(learned):
            listening = None if staff.listening == learned else learned
            return replace(state, staff=replace(staff, listening=listening)), ()
        case ArchivedSession(name) if state.has_pin:
            return state, (ev.RestoreSession(name, state.privacy),)
        case ScreenKey.COPY_SAVED if state.has_pin and state.staff.system.saved:
            return replace(state, typing=TypingState(TypingPurpose.MODEL_NUMBER)), ()
        case ScreenKey.TAKE_STARTER if state.has_pin and staff.system.starter_waits:
            return _starter_wanted(state), (ev.TakeStarter(),)
        case ScreenKey.MAKE_STARTER if can_be_starter(state):
            return state, (ev.MakeStarter(),)
        case ScreenKey.EXPORT_SETTINGS if state.has_pin:
            return state, (ev.ExportSettings(),)
        case ScreenKey.IMPORT_SETTINGS if state.has_pin:
            return state, (ev.ImportSettings(),)
        case ScreenKey.EXPORT_SESSIONS if state.has_pin:
            return state, (ev.ExportSessions(),)
        case PowerKey() if state.has_pin:
            return replace(state, asked_at_s=state.now_s, staff=replace(staff, asked=button)), ()
        case ScreenKey.BACK | Action.LEAVE:
            if staff.listening is not None:
                return state, ()  # this may be the input to assign
            return _left(state), ()
    return state, ()


def pin_set(state: KioskState, event: ev.StaffPinSet) -> Step:
    """The new PIN is stored."""
    config = replace(state.config, staff=replace(state.config.staff, pin=event.stored))
    text = message("The new PIN is set.") if event.stored else message("There is no PIN any more.")
    return noticed(replace(state, config=config), text, Tone.SUCCESS), ()


def text_done(state: KioskState, text: str) -> Step:
    """Use the PIN or the name that was typed."""
    wanted = state.typing
    if wanted is None:
        return state, ()
    match wanted.purpose:
        case TypingPurpose.PIN:
            return _pin_written(state, text)
        case TypingPurpose.NEW_PIN:
            return _new_pin_written(state, text)
        case TypingPurpose.MODEL_NUMBER:
            return _number_written(state, text)
        case TypingPurpose.CLASS_NAME:
            return class_list.rename(state, text, wanted.index)
        case TypingPurpose.SETTING:
            return text_settings.written(state, text)
    return assert_never(wanted.purpose)


def character_typed(state: KioskState, event: ev.CharacterTyped) -> Step:
    """A real keyboard wrote text."""
    return typing.typed(state, event.text)


def typing_edited(state: KioskState, event: ev.TypingEdited) -> Step:
    """A real keyboard pressed a key that writes no letter."""
    return _left_if_outside(typing.edited(state, event.key, text_done))


def input_pressed(state: KioskState, event: ev.InputPressed) -> Step:
    """If a button waits for an input, assign this input to it and save that."""
    button = state.staff.listening
    if state.mode is not Mode.STAFF or button is None:
        return state, ()
    inputs = state.inputs.assign(event.source, button)
    changes = tuple(
        (f"inputs.{one}", inputs.map.sources_of(button_named(one)))
        for one in vars(state.config.inputs)
        if set(inputs.map.sources_of(button_named(one))) != set(state.inputs.map.sources_of(button_named(one)))
    )
    state = replace(state, inputs=inputs, staff=replace(state.staff, listening=None))
    return change_settings(state, changes)


def system_looked(state: KioskState, event: ev.SystemLooked) -> Step:
    """Show what was collected about the system."""
    return replace(state, staff=replace(state.staff, system=event)), ()


def session_restored(state: KioskState, event: ev.SessionRestored) -> Step:
    """A session from the archive is the current one."""
    mode = state.mode if state.mode is Mode.STAFF else Mode.TEACH
    state = replace(visit_over(state), classes=event.classes, model=None, starter=None, mode=mode, changed=False)
    state = replace(state, arrival=None)
    state = replace(state, next_hold=max(state.next_hold, event.next_hold))
    text = message("That session is back. Press TRAIN to make its model again.")
    return noticed(state, text, Tone.SUCCESS), (ev.LookAtSystem(),)


def staff_failed(state: KioskState, event: ev.StaffFailed) -> Step:
    """Say why something failed."""
    return refused(state, event.reason)


def _starter_wanted(state: KioskState) -> KioskState:
    """Say at once that the new starter is being copied, and offer it no second time meanwhile."""
    staff = replace(state.staff, system=replace(state.staff.system, starter_waits=False))
    text = message("One moment: the new starter is being copied.")
    return noticed(replace(state, staff=staff), text, Tone.HINT, COPIES_S)


def staff_done(state: KioskState, event: ev.StaffDone) -> Step:
    """Say what was done."""
    return noticed(state, event.text, Tone.SUCCESS), (ev.LookAtSystem(),)


def settings_read(state: KioskState, event: ev.SettingsRead) -> Step:
    """Use the settings of another station; those that are read at the start wait for a restart."""
    before = state
    state, commands = change_settings(state, event.changes)
    palette = state.config.screen.palette
    screen = replace(before.config.screen, palette=palette)
    recoloured, recolour = with_palette(before, replace(before, config=replace(before.config, screen=screen)))
    state = replace(state, classes=recoloured.classes)
    inputs = replace(state.inputs, map=input_map(vars(state.config.inputs)))
    state, renamed = with_settings(replace(state, inputs=inputs))
    count = len(event.changes)
    text = counted(
        "{count} setting was changed. Some need a restart.",
        "{count} settings were changed. Some need a restart.",
        count,
    )
    return noticed(state, text, Tone.SUCCESS), (*commands, *recolour, *renamed, ev.LookAtSystem())


def can_be_starter(state: KioskState) -> bool:
    """Whether the model of this session can become the starter."""
    return state.has_pin and state.model is not None and not state.shown_from


def starter_made(state: KioskState, _: ev.StarterMade) -> Step:
    """The model of this session is the starter from now on."""
    state, commands = change_settings(state, (("idle.starter", OWN_STARTER),))
    text = message("From now on this answers until somebody teaches.")
    return noticed(state, text, Tone.SUCCESS), (*commands, ev.LookAtSystem())


def learnable(state: KioskState) -> tuple[int | Action, ...]:
    """The buttons that an input can be assigned to."""
    return (*range(len(state.classes)), *ASSIGNABLE_ACTIONS)


def _pin_written(state: KioskState, pin: str) -> Step:
    staff, settings = state.staff, state.config.staff
    if state.now_s < staff.locked_until_s:
        seconds = round(staff.locked_until_s - state.now_s)
        return typing.with_problem(state, _locked(seconds), keep_text=False)
    if matches(pin, settings.pin):
        state, commands = _opened(replace(state, typing=None, staff=replace(staff, wrong_pins=0, locked_until_s=0.0)))
        return state, (*commands, ev.RememberPinLock(0, 0.0)) if staff.wrong_pins else commands
    wrong = staff.wrong_pins + 1
    locked_s, text = 0.0, message("That is not the PIN.")
    if wrong >= settings.pin_tries:
        doublings = min(wrong - settings.pin_tries, 10)
        locked_s = min(settings.locked_s * 2**doublings, LONGEST_LOCK_S)
        text = _locked(round(locked_s))
    staff = replace(staff, wrong_pins=wrong, locked_until_s=state.now_s + locked_s if locked_s else 0.0)
    state, commands = typing.with_problem(replace(state, staff=staff), text, keep_text=False)
    return state, (*commands, ev.RememberPinLock(wrong, locked_s))


def _locked(seconds: int) -> Message:
    return counted("Locked for {count} second.", "Locked for {count} seconds.", seconds)


def _number_written(state: KioskState, text: str) -> Step:
    """Copy the model with the number that was typed, if it is there."""
    number = int(text or 0)
    if number not in state.staff.system.saved:
        problem = message("There is no model with the number {number} here.", number=number)
        return typing.with_problem(state, problem, keep_text=False)
    return replace(state, typing=None), (ev.CopySaved(number),)


def _new_pin_written(state: KioskState, pin: str) -> Step:
    if pin and not is_pin(pin):
        return typing.with_problem(state, message("A PIN has 4 digits or more."))
    return replace(state, typing=None), (ev.SetPin(pin),)


def _opened(state: KioskState) -> Step:
    staff = replace(state.staff, inside=True, page=StaffPage.CLASSES, listening=None, asked=None)
    return replace(state, mode=Mode.STAFF, staff=staff), (ev.LookAtSystem(),)


def _left(state: KioskState) -> KioskState:
    return replace(state, mode=state.resting_mode, staff=state.staff.closed(), typing=None, cursor=None)


def _left_if_outside(step: Step) -> Step:
    """Leave the staff pages if the keyboard was closed before the PIN was right."""
    state, commands = step
    outside = state.mode is Mode.STAFF and state.typing is None and not state.staff.inside
    return (_left(state), commands) if outside else step


def _stepped(state: KioskState, name: str, step: int) -> Step:
    if name == NUMBER_OF_CLASSES:
        return class_list.change_number(state, len(state.classes) + step)
    choice = next((one for one in CHOICES if one.name == name), None)
    value = choice.beside(state, step) if choice is not None and choice.may_change(state) else None
    if choice is None or value is None:
        return state, ()
    before = state
    state, commands = change_settings(state, choice.changes(state, value))
    if name == "idle.starter":
        return _with_starter(state, commands)
    if name == "screen.language":
        state, renamed = with_language(state, value)
    elif name == "screen.palette":
        state, renamed = with_palette(before, state)
    else:
        renamed = ()
    return state, (*commands, *renamed)


def _with_starter(state: KioskState, commands: tuple[ev.Command, ...]) -> Step:
    """Let another starter answer at once if nothing is taught."""
    if any(state.shots) or state.in_flight or state.model is not None:
        return state, commands
    return replace(state, starter=None), (*commands, ev.DropStarter(), ev.LoadStarter())


def _answered(state: KioskState, button: Button) -> Step:
    asked = state.staff.asked
    if button is Action.TRAIN and state.pressed_at_s - state.asked_at_s < SURE_AFTER_S:
        return state, ()  # the press that opened the question, or its bounce
    state = replace(state, staff=replace(state.staff, asked=None))
    if button in (Action.CONFIRM, Action.TRAIN):
        if isinstance(asked, ChooseLesson):
            return lessons.restart_agreed(state, asked.key)
        return state, (ev.PowerOff(restart=asked is PowerKey.RESTART),)
    return state, ()


def _holding(state: KioskState, since_s: float | None) -> KioskState:
    if state.staff.hold_since_s == since_s:
        return state
    return replace(state, staff=replace(state.staff, hold_since_s=since_s))
