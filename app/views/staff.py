"""The staff pages: the tabs, and the rows of the open page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.base.buttons import (
    Action,
    ArchivedSession,
    ClassName,
    LearnInput,
    PowerKey,
    ScreenKey,
    SettingText,
    StaffPage,
    StaffTab,
)
from app.base.i18n import Message, Text, message
from app.config.checks import MAX_CLASSES
from app.core.modes.settings import CHOICES, OWN_STARTER, Arrows, Choice, class_number_arrows
from app.core.modes.staff import can_be_starter, learnable
from app.core.modes.text_settings import TEXTS, may_change
from app.core.state import KioskState, Mode
from app.views.input_names import input_name
from app.views.model import Setting, Staff, Tab
from app.views.staff_lessons import lesson_rows
from app.views.words import Translator, back_key, camera_name, usage_hint

TABS: dict[StaffPage, Message] = {
    StaffPage.CLASSES: message("Classes"),
    StaffPage.CAMERA: message("Camera"),
    StaffPage.SCREEN: message("Screen"),
    StaffPage.ACCESS: message("Accessibility"),
    StaffPage.VISITORS: message("Visitors may"),
    StaffPage.VISITS: message("Visits"),
    StaffPage.LESSONS: message("Lessons"),
    StaffPage.BUTTONS: message("Buttons"),
    StaffPage.SESSIONS: message("Sessions"),
    StaffPage.SYSTEM: message("System"),
}
HINTS: dict[StaffPage, Message] = {
    StaffPage.CLASSES: message("A new name is used at once, also by SAVE."),
    StaffPage.CAMERA: message("Zoom and turn change what the model sees, while teaching and afterwards."),
    StaffPage.VISITORS: message("What is off has no button on the main screen."),
    StaffPage.ACCESS: message("With one switch, every key, button and touch presses what is highlighted."),
    StaffPage.SCREEN: message("Visitors may choose another language for their visit."),
    StaffPage.VISITS: message("When a visitor leaves, the work is put away and the next visitor starts from nothing."),
    StaffPage.LESSONS: message("Lessons on a drive are in its folder “lessons”. A chosen one stays on this machine."),
    StaffPage.BUTTONS: message(
        "Press any button: its row lights up. To change what a button does, touch “assign” first."
    ),
    StaffPage.SESSIONS: message("Bringing a session back puts this one away."),
    StaffPage.SYSTEM: message("Problems stand out."),
}
NO_PIN = message(
    "No PIN is set, so anybody may find this page: names and lessons last for this visit only, and what is kept of "
    "visits is neither shown nor changed. Set a PIN with the command “pin”."
)
LESSONS_WITHOUT_PIN = message(
    "Lessons on a drive are in its folder “lessons”. No PIN is set, so a chosen one lasts for this visit."
)
ONLY_WITH_PIN = message("only with a PIN")
NEED_PIN = (
    *(StaffPage.CLASSES, StaffPage.VISITORS, StaffPage.VISITS),
    *(StaffPage.SESSIONS, StaffPage.LESSONS, StaffPage.SYSTEM),
)
STEER = {
    "buttons": message("Buttons 1 and 2: move · TRAIN: choose · SAVE: next page · RESET: back"),
    "keys": message("Arrow keys: move · Enter: choose · Tab: next page · Esc: back"),
}
STEER_TESTING = {
    "buttons": message("Press any button: its row lights up. To leave, hold the two buttons that led here."),
    "keys": message("Press any button: its row lights up. Arrow keys: move · Enter: assign · Esc: back"),
}
ACTIONS: dict[Action, Message] = {
    Action.TRAIN: message("Train"),
    Action.UNDO: message("Undo"),
    Action.SAVE: message("Save"),
    Action.RESET: message("Reset"),
    Action.RESULTS: message("Results"),
    Action.GALLERY: message("All pictures of a class"),
    Action.NAME: message("Name a class"),
    Action.WHY: message("Why?"),
    Action.PLAY: message("Play"),
    Action.LANGUAGE: message("Language"),
}
MOST_NUMBERS = 8  # of models for visitors; every number can be typed
MOST_START_PROBLEMS = 4  # the log and `doctor` name all of them
MANY_GHOSTS = 5  # since the start
MANY_BOUNCES = 10  # per press: arcade switches make up to five each way


@dataclass(frozen=True)
class BackendFacts:
    """What the pages show that is not in the state: the back end and its speed."""

    backend: str = ""
    frames_per_second: float = 0.0


def staff(state: KioskState, facts: BackendFacts, translate: Translator) -> Staff | None:
    """The open staff page, or None in every other mode and before the PIN is right."""
    if state.mode is not Mode.STAFF or not state.staff.inside:
        return None
    page = state.staff.page
    hint: Text = HINTS[page]
    if not state.has_pin and page in NEED_PIN:
        hint = NO_PIN if page is not StaffPage.LESSONS else LESSONS_WITHOUT_PIN
    hint = usage_hint(state, touch=hint, **(STEER_TESTING if page is StaffPage.BUTTONS else STEER))
    if state.staff.listening is not None:
        hint = message("Now press the button for “{name}”.", name=_button_name(state, state.staff.listening))
    return Staff(
        title=translate(message("For staff")),
        tabs=tuple(Tab(StaffTab(tab), translate(TABS[tab]), tab is page) for tab in StaffPage),
        rows=(rows := _ROWS[page](state, facts, translate)),
        preview=page is StaffPage.CAMERA,
        places=len(rows) + MAX_CLASSES - len(state.classes) if page is StaffPage.CLASSES else len(rows),
        keys=(back_key(translate),),
        hint=translate(hint),
    )


def _choices(state: KioskState, page: StaffPage, translate: Translator) -> tuple[Setting, ...]:
    return tuple(_choice(one, state, translate) for one in CHOICES if one.page == page)


def _choice(choice: Choice, state: KioskState, translate: Translator) -> Setting:
    value = choice.value(state)
    row = _stepped(translate(choice.label), translate(choice.words(value)), choice.arrows(state))
    return replace(row, on=value) if isinstance(value, bool) else row


def _stepped(label: str, value: str, arrows: Arrows) -> Setting:
    less, more = arrows
    return Setting(label, value, less=less, more=more)


def _classes(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    count = _stepped(translate(message("Number of classes")), str(len(state.classes)), class_number_arrows(state))
    names = tuple(
        Setting(
            label=translate(message("Button {number}", number=index + 1)),
            value=one.label,
            press=ClassName(index),
            press_text=translate(message("rename")),
        )
        for index, one in enumerate(state.classes)
    )
    return (count, *names, *_choices(state, StaffPage.CLASSES, translate))


def _camera(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    name = camera_name(state, translate) or translate(message("no camera"))
    now = Setting(translate(message("Now")), name, warning=state.camera is None)
    return (now, *_choices(state, StaffPage.CAMERA, translate))


def _screen(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    return _choices(state, StaffPage.SCREEN, translate)


def _access(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    return _choices(state, StaffPage.ACCESS, translate)


def _visits(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    texts = (
        Setting(
            label=translate(one.label),
            value=one.value(state) or translate(one.empty),
            press=SettingText(one.name) if may_change(state) else None,
            press_text=translate(message("change")),
        )
        for one in TEXTS
        if one.page is StaffPage.VISITS
    )
    return (*_locked(state, translate), *_choices(state, StaffPage.VISITS, translate), *texts)


def _visitors(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    return (*_locked(state, translate), *_choices(state, StaffPage.VISITORS, translate))


def _locked(state: KioskState, translate: Translator) -> tuple[Setting, ...]:
    """The first row of a page whose settings nobody can change without a PIN."""
    return () if state.has_pin else (Setting(translate(message("Changes")), translate(ONLY_WITH_PIN), warning=True),)


def _buttons(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    inputs = state.inputs
    down = set(inputs.pressed)
    rows = []
    for button in learnable(state):
        sources = inputs.map.sources_of(button)
        rows.append(
            Setting(
                label=_button_name(state, button),
                value=", ".join(_source(state, one, translate) for one in sources)
                or translate(message("nothing assigned")),
                press=LearnInput(button),
                press_text=translate(message("stop") if state.staff.listening == button else message("assign")),
                lit=state.staff.listening == button or bool(down & set(sources)),
                warning=not sources or bool({*inputs.stuck, *_noisy(state)} & set(sources)),
            )
        )
    meant = inputs.map.buttons
    rows += [
        Setting(source, translate(message("not used")), lit=True)  # as the settings file calls it
        for source in inputs.pressed
        if source not in meant
    ]
    rows += [
        Setting(source, _counts(state, source, translate), warning=True)
        for source in _noisy(state)
        if source not in meant
    ]
    rows += [Setting(source, translate(message("stuck")), warning=True) for source in inputs.stuck]
    rows += [
        Setting(source, translate(message("loose wire?")), warning=True) for source in inputs.flickering(state.now_s)
    ]
    return tuple(rows)


def _noisy(state: KioskState) -> tuple[str, ...]:
    """Pins with more short changes than a good switch and good wiring cause."""
    return tuple(
        source
        for source, one in state.inputs.with_short_changes.items()
        if one.ghosts >= MANY_GHOSTS or one.bounces > MANY_BOUNCES * max(1, one.presses)
    )


def _source(state: KioskState, source: str, translate: Translator) -> str:
    name = translate(input_name(source))
    return f"{name} ({_counts(state, source, translate)})" if source in state.inputs.with_short_changes else name


def _counts(state: KioskState, source: str, translate: Translator) -> str:
    one = state.inputs.with_short_changes[source]
    text = message(
        "ghosts: {ghosts}, bounces: {bounces}, presses: {presses}",
        ghosts=one.ghosts, bounces=one.bounces, presses=one.presses,
    )  # fmt: skip
    return translate(text)


def _sessions(state: KioskState, _: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    if not state.has_pin:
        return (Setting(translate(message("Kept sessions")), translate(ONLY_WITH_PIN)),)
    kept, own = state.staff.system.archive, state.config.idle.starter == OWN_STARTER
    starter = Setting(
        label=translate(message("This session")),
        value=translate(message("answers before teaching") if own else message("can answer before visitors teach")),
        press=ScreenKey.MAKE_STARTER if can_be_starter(state) else None,
        press_text=translate(message("use as starter")),
    )
    export = Setting(
        label=translate(message("Kept sessions")),
        value=str(len(kept)),
        press=ScreenKey.EXPORT_SESSIONS if kept else None,
        press_text=translate(message("write all to the drive")),
    )
    rows = (
        Setting(name, what, press=ArchivedSession(name), press_text=translate(message("bring back")))
        for name, what in kept
    )
    saved = state.staff.system.saved
    numbers = ", ".join(map(str, saved[:MOST_NUMBERS])) + (" …" if len(saved) > MOST_NUMBERS else "")
    copy = Setting(
        label=translate(message("Models for visitors")),
        value=numbers or translate(message("none")),
        press=ScreenKey.COPY_SAVED if saved else None,
        press_text=translate(message("copy to a drive")),
    )
    return (starter, copy, export, *rows)


def _system(state: KioskState, facts: BackendFacts, translate: Translator) -> tuple[Setting, ...]:
    rate = translate(message("{rate} pictures/s", rate=f"{facts.frames_per_second:.0f}"))
    camera = camera_name(state, translate) or translate(state.camera_problem or message("no camera"))
    fault = translate(state.fault) if state.fault is not None else ""
    return (
        *((Setting(translate(message("Fault")), fault, warning=True),) if fault else ()),
        Setting(translate(message("Camera")), camera, warning=state.camera is None),
        Setting(translate(message("Processor")), facts.backend),
        Setting(translate(message("Speed")), rate, warning=facts.frames_per_second < 2),
        *(
            Setting(translate(message("Problems at the start")), translate(problem), warning=True)
            for problem in state.start_problems[:MOST_START_PROBLEMS]
        ),
        *(Setting(translate(what), translate(how), warning=wrong) for what, how, wrong in state.staff.system.lines),
        *((_new_starter(state, translate),) if state.staff.system.starter_waits else ()),
        *(_settings_on_drive(translate) if state.has_pin else ()),
        Setting(
            translate(message("PIN")),
            "••••" if state.has_pin else translate(message("none – the command “pin” sets one")),
            press=ScreenKey.NEW_PIN if state.has_pin else None,
            press_text=translate(message("change")),
            warning=not state.has_pin,
        ),
        *(_power(translate) if state.has_pin else ()),
    )


def _new_starter(state: KioskState, translate: Translator) -> Setting:
    return Setting(
        translate(message("New starter")),
        translate(message("not signed – do you know who made it?")),
        press=ScreenKey.TAKE_STARTER if state.has_pin else None,
        press_text=translate(message("take it")),
        warning=True,
    )


def _settings_on_drive(translate: Translator) -> tuple[Setting, ...]:
    return (
        Setting(
            translate(message("Settings for another station")),
            translate(message("all but the PIN")),
            press=ScreenKey.EXPORT_SETTINGS,
            press_text=translate(message("write to drive")),
        ),
        Setting(
            translate(message("Settings of another station")),
            translate(message("from a drive")),
            press=ScreenKey.IMPORT_SETTINGS,
            press_text=translate(message("read from drive")),
        ),
    )


def _power(translate: Translator) -> tuple[Setting, ...]:
    return (
        Setting(translate(message("Restart")), press=PowerKey.RESTART, press_text=translate(message("restart"))),
        Setting(translate(message("Power off")), press=PowerKey.SHUT_DOWN, press_text=translate(message("shut down"))),
    )


def _button_name(state: KioskState, button: int | Action) -> str:
    if isinstance(button, Action):
        return Translator(state.language)(ACTIONS[button])
    return state.classes[button].label


_ROWS = {
    StaffPage.CLASSES: _classes,
    StaffPage.CAMERA: _camera,
    StaffPage.SCREEN: _screen,
    StaffPage.VISITORS: _visitors,
    StaffPage.ACCESS: _access,
    StaffPage.VISITS: _visits,
    StaffPage.BUTTONS: _buttons,
    StaffPage.SESSIONS: _sessions,
    StaffPage.LESSONS: lambda state, _, translate: lesson_rows(state, translate),
    StaffPage.SYSTEM: _system,
}
