"""`present(state, ...) -> KioskView`: everything on the screen, in the language of the visit; a pure function."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.base.buttons import Action, ScreenKey
from app.base.i18n import Message, Text, counted, message
from app.base.not_sure import NotSure
from app.base.numbers import percent
from app.base.picture import Picture
from app.base.ports import Frame
from app.base.tone import Tone
from app.core.game import GameStep
from app.core.modes.cursor import box_moves_cursor, current_target
from app.core.modes.lessons import target_shots
from app.core.modes.permissions import SETTINGS, allowed
from app.core.modes.scanning import scans
from app.core.state import KioskState, Mode
from app.model.observation import STALE_AFTER_S, Smoothed
from app.views.attract import Stage, played
from app.views.cards import cards, class_keys, names
from app.views.drives import drive_line
from app.views.fault import accelerator_missing, fault, faulty
from app.views.gallery import gallery
from app.views.games import frozen_light, frozen_trick, frozen_verdict, game_keys, shown, strip
from app.views.guidance import enough, guidance, short_guidance, spoken_guidance
from app.views.lesson import lesson_chip
from app.views.light import because, light, why_text
from app.views.model import ActionKey, Banner, KioskView, Light, Places, Screen, StatusStrip, Verdict
from app.views.places import placed
from app.views.questions import question
from app.views.results import results
from app.views.saving import saving
from app.views.staff import BackendFacts, staff
from app.views.typing import typing
from app.views.verdict import Answer, answer_with_settings, guess
from app.views.words import Translator, camera_name

FLASH_S = 0.5
HOLD_SHOWN_AFTER_S, HOLD_STEPS = 0.4, 40
DISK_WAITS = message("The disk does not answer. Please wait: what you taught is kept.")
ERASING_WAITS = message("The disk does not answer. Please wait, or call a member of staff.")
DRIVE_WAITS = message("The drive does not answer. Please wait, and leave it plugged in.")
_SCREENS = {
    Mode.ATTRACT: Screen.ATTRACT,
    Mode.TEACH: Screen.TEACH,
    Mode.TRAINING: Screen.TRAINING,
    Mode.LIVE: Screen.LIVE,
    Mode.GALLERY: Screen.GALLERY,
    Mode.RESULTS: Screen.RESULTS,
    Mode.SAVING: Screen.SAVING,
    Mode.CONFIRM_RESET: Screen.CONFIRM,
    Mode.CONFIRM_LEAVE: Screen.CONFIRM,
    Mode.ERASING: Screen.TEACH,
    Mode.CLASS_MENU: Screen.CONFIRM,
    Mode.CONFIRM_REMOVE: Screen.CONFIRM,
    Mode.REMOVING: Screen.TEACH,
    Mode.STILL_THERE: Screen.CONFIRM,
    Mode.ASK_FOLDER: Screen.CONFIRM,
    Mode.CHOOSE_DRIVE: Screen.CONFIRM,
    Mode.CHOOSE_GAME: Screen.CONFIRM,
    Mode.ASK_TRICK: Screen.CONFIRM,
    Mode.IMPORTING: Screen.TEACH,
    Mode.STAFF: Screen.STAFF,
}
_PROGRESS_TEXTS: dict[Mode, Message] = {
    Mode.TRAINING: message("Learning…"),
    Mode.SAVING: message("Saving – leave the drive in…"),
    Mode.IMPORTING: message("Looking at what is on the drive…"),
}


@dataclass(frozen=True)
class Surroundings:
    """What the screen shows that is not in the state.

    Attributes:
        backend: Name of what computes the answers, until the state knows it.
        frames_per_second: How many frames the model looks at per second.
        progress: Progress of the running job, 0..1, or None.
        model_square: The part of the frame that the model sees: (left, top, side) in pixels.
        target_shots: Samples at which the ring of a class card can be full; None is what lesson or settings say.
        mirror: The camera picture is shown mirrored.
        stage: Renders the pictures of the demonstration.
        places: Which classes had a card at the tick before.
    """

    backend: str = ""
    frames_per_second: float = 0.0
    progress: float | None = None
    model_square: tuple[int, int, int] | None = None
    target_shots: int | None = None
    mirror: bool = False
    stage: Stage | None = None
    places: Places = field(default_factory=Places)


def present(state: KioskState, frame: Frame | None, seen: Smoothed, surroundings: Surroundings) -> KioskView:
    """Make the view of one tick.

    Args:
        state: The kiosk's state.
        frame: The newest camera frame, or None while there is none.
        seen: Smoothed answers of the model.
        surroundings: What the screen shows that is not in the state.
    """
    translate = Translator(state.language)
    trick = frozen_trick(state)
    looks = trick is None and state.mode is not Mode.TRAINING  # else no card says what the model makes of the camera
    probabilities = _current(state, seen) if looks else None
    answer = _answer(state, probabilities, seen)
    named = answer.leader if answer is not None else None
    places = placed(surroundings.places, names(state), len(state.classes), named)
    square = surroundings.model_square if frame is not None else None
    mirror = surroundings.mirror
    guessed = None if probabilities is None else guess(probabilities, seen.novelty)
    advice = _guidance(state, answer, seen)
    said = spoken_guidance(state) if advice == guidance(state, answer) else ""
    picture = _picture(frame, mirror) if trick is None else shown(trick.picture, mirror=mirror)
    view = KioskView(
        screen=Screen.FAULT if faulty(state) else _SCREENS[state.mode],
        picture=picture if state.camera else None,
        model_square=square,
        cards=cards(state, probabilities, answer, places, surroundings.target_shots or target_shots(state), translate),
        class_keys=class_keys(state, translate),
        actions=_actions(state, translate),
        guidance=translate(advice),
        short_guidance=translate(short_guidance(state, advice)),
        spoken_guidance=translate(said),
        status=_status(state, surroundings, translate),
        verdict=_verdict(state, answer, places, translate) if state.game is None else _guess(state, guessed, translate),
        light=_light(state, answer, places, seen, mirror=mirror),
        frozen=trick is not None,
        picture_keys=_picture_keys(state, translate),
        game=strip(state, _sure_of_target(state, guessed), translate, square=square, mirror=mirror),
        lesson=lesson_chip(state, translate),
        not_sure=_not_sure(state, answer),
        progress=_progress(state, surroundings),
        progress_text=translate(_PROGRESS_TEXTS.get(state.mode, "")),
        notice=_notice(state, translate),
        question=question(state, translate),
        fault=fault(state, translate),
        flash=_flash(state),
        gallery=gallery(state, translate),
        results=results(state, translate),
        saving=saving(state, translate),
        staff=staff(
            state,
            BackendFacts(backend_name(state, surroundings.backend, translate), surroundings.frames_per_second),
            translate,
        ),
        typing=typing(state, translate),
        focus=current_target(state) if not scans(state) else None,
        scanned=state.scan.highlighted,
        box_moves_cursor=box_moves_cursor(state),
        staff_hold=_staff_hold(state),
        corner=None if state.mode is Mode.STAFF else ScreenKey.CORNER,
        language=_language(state),
        language_code=state.language,
        not_sure_text=translate(message("Not sure")),
        waiting_text=translate(message("Waiting for the camera…")),
        places=places,
        palette=state.config.screen.palette,
        less_motion=state.config.screen.less_motion,
        now_s=state.now_s,
    )
    return played(view, state, surroundings.stage, translate) if state.mode is Mode.ATTRACT else view


def _staff_hold(state: KioskState) -> float | None:
    """How far the hold is that opens the staff pages, in steps: the screen is drawn again with each of them."""
    since_s = state.staff.hold_since_s
    if since_s is None or state.now_s - since_s < HOLD_SHOWN_AFTER_S:
        return None
    share = min(1.0, (state.now_s - since_s) / state.config.staff.hold_s)
    return round(share * HOLD_STEPS) / HOLD_STEPS


def backend_name(state: KioskState, unknown: str, translate: Translator) -> str:
    """The name of what computes the answers, and how many samples must still be embedded again."""
    name: Text = state.backend.name if state.backend is not None else unknown
    if not state.re_embedding:
        return translate(name)
    return translate(
        counted(
            "{backend} – looks at {count} picture again",
            "{backend} – looks at {count} pictures again",
            state.re_embedding,
            backend=name,
        )
    )


def _current(state: KioskState, seen: Smoothed) -> NDArray[np.float32] | None:
    """The probabilities of the classes, (C,); None if they are old or belong to another number of classes."""
    if not state.answering or state.camera is None or state.now_s - seen.captured_at_s > STALE_AFTER_S:
        return None
    if seen.probabilities is None or len(seen.probabilities) != len(names(state)):
        return None  # an answer from before the classes changed
    return seen.probabilities


def _answer(state: KioskState, probabilities: NDArray[np.float32] | None, seen: Smoothed) -> Answer | None:
    if probabilities is None:
        return None
    return answer_with_settings(probabilities, seen.threshold, seen.novelty, state.config.model)


def _status(state: KioskState, surroundings: Surroundings, translate: Translator) -> StatusStrip:
    rate = surroundings.frames_per_second
    return StatusStrip(
        camera=camera_name(state, translate) or translate(message("no camera")),
        backend=backend_name(state, surroundings.backend, translate),
        frames_per_second=rate if state.camera else 0.0,
        drive=drive_line(state, translate),
        problem=(state.camera is None and not state.camera_starts)
        or state.picture_problem is not None
        or state.fault is not None
        or state.disk_waits
        or accelerator_missing(state),
        rate_text=translate(message("{rate} pictures/s", rate=f"{rate:.0f}")) if rate else "",
    )


def _picture(frame: Frame | None, mirror: bool) -> Picture | None:
    if frame is None:
        return None
    return Picture(("frame", frame.sequence, mirror), frame.image[:, ::-1] if mirror else frame.image)


def _guidance(state: KioskState, answer: Answer | None, seen: Smoothed) -> Text:
    if state.mode is Mode.LIVE and state.why and state.held is None and state.game is None:
        label = names(state)[answer.index] if answer is not None else ""
        return because(answer, label, seen.why)
    return guidance(state, answer)


def _light(state: KioskState, answer: Answer | None, places: Places, seen: Smoothed, *, mirror: bool) -> Light | None:
    trick = frozen_trick(state)
    if trick is not None and state.game is not None:
        return frozen_light(trick, state.game, mirror=mirror)
    on = state.why and state.mode is Mode.LIVE and state.held is None
    if not on or answer is None or seen.why is None:
        return None
    index = places.place_of(seen.why.winner) if answer.leader is not None else None
    return light(seen.why, seen.sequence, index=index, mirror=mirror)


def _picture_keys(state: KioskState, translate: Translator) -> tuple[ActionKey, ...]:
    """WHY and PLAY. A key that can do nothing for a moment stays, so that its neighbours do not move."""
    able = state.teaching and state.camera is not None and frozen_trick(state) is None
    keys = []
    if state.answering and allowed(state, Action.WHY):
        why = translate(why_text(state))
        keys.append(ActionKey(Action.WHY, "why", why, "W", enabled=able, held=state.why and able))
    if state.config.screen.games and state.game is None and not state.shown_from:
        keys.append(ActionKey(Action.PLAY, "play", translate(message("Play")), "P", enabled=able and not state.held))
    return tuple(keys)


def _sure_of_target(state: KioskState, guessed: Answer | None) -> float | None:
    if state.game is None:
        return None
    return guessed.probability if guessed is not None and guessed.index == state.game.target else 0.0


def _actions(state: KioskState, translate: Translator) -> tuple[ActionKey, ...]:
    """The keys of the lower right. One that can do nothing yet is there as well, so that its neighbours do not move."""
    if state.game is not None and state.game.step is not GameStep.CLEAR:
        return game_keys(state, state.game, translate)
    teaching = state.teaching
    ready = teaching and state.missing is None
    retrain = ready and (state.model is None or state.stale) and state.held is None and enough(state)
    save = teaching and state.model is not None and not state.shown_from
    saves_now = save and not state.stale and bool(state.drives)
    begun = any(state.shots) or state.model is not None
    tested = teaching and state.model is not None and state.model.report is not None
    keys: tuple[ActionKey, ...] = (
        ActionKey(Action.TRAIN, "train", translate(message("Train")), "T", enabled=ready, suggested=retrain),
        ActionKey(Action.SAVE, "save", translate(message("Save")), "S", enabled=save, suggested=saves_now),
        ActionKey(Action.UNDO, "undo", translate(message("Undo")), "Z", enabled=teaching and state.undoable),
        ActionKey(Action.RESET, "reset", translate(message("Reset")), "R", enabled=teaching and begun),
        ActionKey(Action.RESULTS, "results", translate(message("Results")), "E", enabled=tested),
    )
    locked = {button for button in SETTINGS if not allowed(state, button)} if not state.shown_from else set()
    return tuple(key for key in keys if key.button not in locked)


def _language(state: KioskState) -> ActionKey | None:
    if not allowed(state, Action.LANGUAGE):
        return None
    able = state.teaching or state.mode is Mode.ATTRACT
    return ActionKey(Action.LANGUAGE, "language", state.language.upper(), "L", enabled=able)


def _verdict(state: KioskState, answer: Answer | None, places: Places, translate: Translator) -> Verdict | None:
    if answer is None:
        return None
    if answer.leader is None:
        return Verdict(translate(message("not sure")), answer.probability, None)
    label, place = names(state)[answer.index], places.place_of(answer.index)
    if not answer.sure:
        return Verdict(translate(message("{label}?", label=label)), answer.probability, place, near_miss=True)
    return Verdict(label, answer.probability, place, translate(percent(answer.probability)))


def _guess(state: KioskState, guessed: Answer | None, translate: Translator) -> Verdict | None:
    """During a game the model always guesses; it shows how sure it is."""
    trick = frozen_trick(state)
    if trick is not None and state.game is not None:
        return frozen_verdict(state, trick, state.game, translate)
    if guessed is None or state.mode is not Mode.LIVE:
        return None
    share = translate(percent(guessed.probability))
    return Verdict(names(state)[guessed.index], guessed.probability, guessed.index, share)


def _not_sure(state: KioskState, answer: Answer | None) -> float | None:
    """The height of the bar; it stays, empty, while a model waits for a picture or learns."""
    if not state.answering or state.config.model.not_sure == NotSure.OFF.value:
        return None
    return answer.unsure if answer is not None else 0.0


def _progress(state: KioskState, surroundings: Surroundings) -> float | None:
    if state.mode is Mode.SAVING and state.saving.finished:
        return 1.0
    if state.mode in _PROGRESS_TEXTS:
        return surroundings.progress or 0.0
    return None


def _notice(state: KioskState, translate: Translator) -> Banner | None:
    if state.disk_waits:
        text = DISK_WAITS
        if state.mode is Mode.ERASING:
            text = ERASING_WAITS
        elif state.mode is Mode.SAVING and state.saving.drive:
            text = DRIVE_WAITS
        return Banner(translate(text), Tone.WARNING)
    if state.notice is None:
        return None
    return Banner(translate.sentence(state.notice.text), state.notice.tone, state.notice.glad)


def _flash(state: KioskState) -> tuple[int, Picture, float] | None:
    arrival = state.arrival
    if arrival is None or state.now_s - arrival.at_s > FLASH_S:
        return None
    picture = arrival.picture.as_seen(mirror=state.config.camera.mirror)
    return arrival.class_index, picture, state.now_s - arrival.at_s
