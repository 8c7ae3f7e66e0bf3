"""Questions that must be answered first."""

from __future__ import annotations

from dataclasses import replace

from app.base.buttons import Action, ChooseLesson, EmptyClass, PowerKey
from app.base.i18n import Message, Text, counted, message
from app.base.privacy import Privacy
from app.config.lesson import in_language
from app.core.events import FolderFound
from app.core.modes import class_page, class_removal, idle
from app.core.modes.found import ANSWER_WITHIN_S, CARRY_ON, SHOW
from app.core.modes.lessons import plain_extractor
from app.core.state import KioskState, Mode
from app.views.drives import which_drive
from app.views.games import is_it_really, which_game
from app.views.model import ActionKey, Question
from app.views.words import Translator, usage_hint

KEPT = message("What you taught is kept.")
BY_BUTTON = message("What you taught is kept. TRAIN: yes · any other button: no")


def question(state: KioskState, translate: Translator) -> Question | None:
    """The current question, or None."""
    if state.mode is Mode.CONFIRM_RESET:
        return _start_over(state, translate)
    if state.mode is Mode.CLASS_MENU and state.removing is not None:
        return _class_menu(state, state.removing, translate)
    if state.mode is Mode.CONFIRM_REMOVE and state.removing is not None:
        return _remove(state, state.removing, translate)
    if state.mode is Mode.CONFIRM_LEAVE:
        return _leave(state, translate)
    if state.mode is Mode.ASK_FOLDER and state.found is not None:
        return _folder(state, state.found, translate)
    if state.mode is Mode.CHOOSE_DRIVE:
        return which_drive(state, translate)
    if state.mode is Mode.CHOOSE_GAME:
        return which_game(state, translate, mirror=state.config.camera.mirror)
    if state.mode is Mode.ASK_TRICK:
        return is_it_really(state, translate, mirror=state.config.camera.mirror)
    if state.mode is Mode.STILL_THERE:
        return _still_there(state, translate)
    if state.mode is Mode.STAFF and state.staff.asked is not None:
        if isinstance(state.staff.asked, ChooseLesson):
            return _restart_for_lesson(state, state.staff.asked.key, translate)
        return _power(state, translate)
    return None


def _folder(state: KioskState, found: FolderFound, translate: Translator) -> Question:
    """What to do with a folder on a drive: the possible answers, on the class buttons, and "no"."""
    labels, total = ", ".join(found.labels), sum(state.shots)
    if total and found.has_session and state.privacy is Privacy.ERASE:
        text = counted(
            "It knows {labels}. If you keep teaching it, your {count} picture here is erased.",
            "It knows {labels}. If you keep teaching it, your {count} pictures here are erased.",
            total,
            labels=labels,
        )
    elif total and found.has_session:
        text = counted(
            "It knows {labels}. If you keep teaching it, your {count} picture here is put away.",
            "It knows {labels}. If you keep teaching it, your {count} pictures here are put away.",
            total,
            labels=labels,
        )
    else:
        text = message("It knows {labels}.", labels=labels)
    answers = [ActionKey(Action.CANCEL, "cancel", translate(message("Not now")), "N")]
    if found.has_model:
        answers.insert(0, ActionKey(SHOW, "train", translate(message("Try it")), str(SHOW + 1)))
    if found.has_session:
        answers.insert(0, ActionKey(CARRY_ON, "confirm", translate(message("Keep teaching")), str(CARRY_ON + 1)))
    return Question(
        title=translate(message("{drive} has a saved model", drive=found.drive)),
        text=translate(text),
        answers=tuple(answers),
        left=max(0.0, 1 - (state.now_s - state.asked_at_s) / ANSWER_WITHIN_S),
        dead=tuple(one for one, there in ((CARRY_ON, found.has_session), (SHOW, found.has_model)) if not there),
    )


def _start_over(state: KioskState, translate: Translator) -> Question:
    total, taken_out = sum(state.shots), sum(len(ids) for one in state.classes for ids in one.removed)
    text: Text
    keep = message("Keep them") if total or state.model is None else message("Keep it")
    if not total and state.model is not None:
        text = message("The model that answers now will be erased.")
    elif not total:
        text = _no_longer_back(taken_out)
    elif state.model is None:
        text = counted("{count} picture will be erased.", "{count} pictures will be erased.", total)
    else:
        text = counted(
            "{count} picture and the model made from it will be erased.",
            "{count} pictures and the model made from them will be erased.",
            total,
        )
    return Question(
        title=translate(message("Start over?")),
        text=translate(text),
        answers=_erasing(_answers(translate, keep, message("Erase"), icon="empty")),
        also_yes=Action.RESET,
    )


def _remove(state: KioskState, index: int, translate: Translator) -> Question:
    """Whether to remove a class, and what is lost with it."""
    taught, mirror = state.classes[index], state.config.camera.mirror
    lost = " ".join(translate(one) for one in _lost_with(state, index))
    return Question(
        title=translate(message("Remove {label}?", label=taught.label)),
        text=lost,
        answers=_erasing(_answers(translate, message("Keep it"), message("Remove"), icon="empty")),
        picture=taught.thumbnails[-1].as_seen(mirror=mirror) if taught.thumbnails else None,
        also_yes=Action.RESET,
    )


def _class_menu(state: KioskState, index: int, translate: Translator) -> Question:
    """What to do with a class that visitors may not name; the answers are also on the first class buttons."""
    taught = state.classes[index]
    resting = replace(state, mode=state.resting_mode)
    answers = tuple(
        ActionKey(
            button,
            "empty" if isinstance(button, EmptyClass) else "remove",
            translate(message("Empty") if isinstance(button, EmptyClass) else message("Remove")),
            str(place + 1),
        )
        for place, button in enumerate(class_page.offered(resting, index))
    )
    count = counted("{count} picture", "{count} pictures", taught.shots)
    return Question(
        title=translate(message("What should happen with {label}?", label=taught.label)),
        text=translate(count),
        answers=(*answers, ActionKey(Action.CANCEL, "cancel", translate(message("Nothing")), "N", suggested=True)),
        picture=taught.thumbnails[-1].as_seen(mirror=state.config.camera.mirror) if taught.thumbnails else None,
        left=max(0.0, 1 - (state.now_s - state.asked_at_s) / class_removal.ANSWER_WITHIN_S),
        dead=tuple(range(len(answers), len(state.classes))),
    )


def _lost_with(state: KioskState, index: int) -> list[Text]:
    """What is lost with a class, a sentence each: its pictures, those that could be brought back, and the model."""
    taught = state.classes[index]
    taken_out = sum(map(len, taught.removed))
    sentences: list[Text] = []
    if taught.shots and taken_out:
        count = taught.shots + taken_out
        sentences.append(message("All its {count} pictures will be erased, also those taken out.", count=count))
    elif taught.shots:
        sentences.append(
            counted("Its {count} picture will be erased.", "Its {count} pictures will be erased.", taught.shots)
        )
    elif taken_out:
        sentences.append(_no_longer_back(taken_out))
    if class_removal.ends_model(state, index):
        if not class_removal.can_learn_without(state, index):
            sentences.append(message("The model that answers now will be erased."))
        elif not sentences:
            sentences.append(message("The model will learn again without it."))
    return sentences


def _no_longer_back(taken_out: int) -> Message:
    return counted(
        "{count} picture can then no longer be brought back.",
        "{count} pictures can then no longer be brought back.",
        taken_out,
    )


def _leave(state: KioskState, translate: Translator) -> Question:
    return Question(
        title=translate(message("Leave the kiosk?")),
        text=translate(KEPT if state.by_keyboard else BY_BUTTON),
        answers=_answers(translate, message("Stay"), message("Leave")),
        also_yes=Action.TRAIN,
    )


def _still_there(state: KioskState, translate: Translator) -> Question:
    stay = ActionKey(Action.CANCEL, "confirm", translate(message("I am here!")), "", suggested=True)
    left = idle.seconds_left(state) / state.config.idle.countdown_s
    return Question(
        title=translate(message("Still there?")),
        text=translate(idle.what_will_happen(state)),
        answers=(stay,),
        left=min(1.0, max(0.0, left)),
        countdown=str(max(1, round(idle.seconds_left(state)))),
    )


def _power(state: KioskState, translate: Translator) -> Question:
    restart = state.staff.asked is PowerKey.RESTART
    return Question(
        title=translate(message("Restart the machine?") if restart else message("Shut the machine down?")),
        text=translate(usage_hint(state, touch=KEPT, buttons=BY_BUTTON, keys=KEPT)),  # the answers name their own keys
        answers=_answers(translate, message("No"), message("Restart now") if restart else message("Shut down")),
        also_yes=Action.TRAIN,
    )


def _restart_for_lesson(state: KioskState, key: str, translate: Translator) -> Question:
    """What happens if staff choose a lesson with another extractor."""
    lesson = next((one.lesson for one in state.staff.lessons if one.lesson.key == key), None)
    if lesson is None:
        text: Text = message("The lesson now has another network. The kiosk starts again without a lesson.")
    else:
        wanted = plain_extractor(lesson.extractor or state.config.model.extractor)
        name = wanted or message("built in")
        text = message("It needs the network {name}. The kiosk starts again with this lesson.", name=name)
    title = message("No lesson") if lesson is None else in_language(lesson.name, state.language)
    return Question(
        title=translate(message("Start again for “{lesson}”?", lesson=title)),
        text=translate(text),
        answers=_answers(translate, message("No"), message("Start again")),
        also_yes=Action.TRAIN,
    )


def _erasing(answers: tuple[ActionKey, ...]) -> tuple[ActionKey, ...]:
    """The answer that keeps is the one to press; the last one erases, and looks like it."""
    *others, last = answers
    return (*(replace(one, suggested=True) for one in others), replace(last, erases=True))


def _answers(translate: Translator, no: Text, yes: Text, *, icon: str = "confirm") -> tuple[ActionKey, ...]:
    return (
        ActionKey(Action.CANCEL, "cancel", translate(no), "N"),
        ActionKey(Action.CONFIRM, icon, translate(yes), "Y"),
    )
