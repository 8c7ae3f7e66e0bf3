"""`present(state, ...) -> KioskView`: what the visitor reads, in the language of the state, pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.events import Action, FolderFound
from app.i18n import Message, Text, counted, message, translated
from app.modes.found import ANSWER_WITHIN_S, CARRY_ON, SHOW
from app.observation import STALE_AFTER_S, Smoothed
from app.ports import Drive, Frame
from app.state import KioskState, Mode, Mood
from app.ui.view import (
    ActionKey,
    ClassCard,
    KioskView,
    Notice,
    Picture,
    Question,
    Screen,
    StatusStrip,
    Tone,
    Verdict,
)

FLASH_S = 0.5


@dataclass(frozen=True)
class Surroundings:
    """What the screen tells beside the state: speed, back end, progress of the job, and how it is set up."""

    backend: str = ""
    frames_per_second: float = 0.0
    progress: float | None = None
    model_square: tuple[int, int, int] | None = None
    target_shots: int = 20
    mirror: bool = False


def present(state: KioskState, frame: Frame | None, seen: Smoothed, surroundings: Surroundings) -> KioskView:
    """Make the view of one tick.

    Args:
        state: The kiosk's state.
        frame: The newest camera frame, or None while there is none.
        seen: Smoothed answers of the model.
        surroundings: What the screen tells beside the state.
    """
    probabilities = _current(state, seen)
    leader = _leader(probabilities, seen.threshold)
    say = Say(state.language)
    screen = _screen(state)
    cards = _cards(state, probabilities, leader, surroundings.target_shots, say)
    return KioskView(
        screen=screen,
        picture=_picture(frame, surroundings.mirror) if state.camera else None,
        model_square=surroundings.model_square if frame is not None else None,
        cards=cards,
        actions=_actions(state, say),
        guidance=say(_guidance(state, leader)),
        status=StatusStrip(
            camera=state.camera or say(message("no camera")),
            backend=say(state.backend.name) if state.backend else surroundings.backend,
            frames_per_second=surroundings.frames_per_second if state.camera else 0.0,
            drive=_drives(state, say),
            problem=state.camera is None or state.fault is not None or _accelerator_missing(state),
            rate_text=_rate(surroundings, say),
        ),
        verdict=_verdict(state, probabilities, leader, say),
        not_sure=_not_sure(probabilities, seen.threshold),
        progress=_progress(state, surroundings),
        progress_text=say(_PROGRESS_TEXTS.get(state.mode, "")),
        notice=_notice(state, say),
        question=_question(state, say),
        fault=_fault(state, say),
        flash=_flash(state),
        now_s=state.now_s,
    )


@dataclass(frozen=True)
class Say:
    """Puts texts into the words of a language."""

    language: str

    def __call__(self, text: Text) -> str:
        return translated(text, self.language)


def _drives(state: KioskState, say: Say) -> str:
    """Every drive with what matters of it: kind and room, or why SAVE cannot use it."""
    texts: list[Text] = [_drive(one) for one in state.drive_facts]
    texts += [message("{drive} (not mounted)", drive=one.name) for one in state.unmounted]
    return ", ".join(map(say, texts)) or say(message("no drive"))


def _drive(drive: Drive) -> Text:
    kind = {"vfat": "FAT", "exfat": "exFAT", "ntfs3": "NTFS"}.get(drive.filesystem, drive.filesystem)
    if drive.read_only:
        return message("{drive} ({kind}, write-protected)", drive=drive.name, kind=kind)
    free = f"{drive.free_bytes / 1e9:.1f} GB" if drive.free_bytes >= 1e9 else f"{drive.free_bytes / 1e6:.0f} MB"
    return message("{drive} ({kind}, {free} free)", drive=drive.name, kind=kind, free=free)


_PROGRESS_TEXTS: dict[Mode, Message] = {
    Mode.TRAINING: message("Learning …"),
    Mode.SAVING: message("Saving – leave the drive in …"),
}


def _current(state: KioskState, seen: Smoothed) -> NDArray[np.float32] | None:
    if state.model is None or state.camera is None or state.now_s - seen.captured_at_s > STALE_AFTER_S:
        return None
    if seen.probabilities is not None and len(seen.probabilities) != len(state.classes):
        return None  # an answer from before the classes changed
    return seen.probabilities


def _leader(probabilities: NDArray[np.float32] | None, threshold: float) -> int | None:
    if probabilities is None or float(probabilities.max()) < threshold:
        return None
    return int(probabilities.argmax())


def _screen(state: KioskState) -> Screen:
    if _faulty(state):
        return Screen.FAULT
    return {
        Mode.TEACH: Screen.TEACH,
        Mode.TRAINING: Screen.TRAINING,
        Mode.LIVE: Screen.LIVE,
        Mode.SAVING: Screen.SAVING,
        Mode.CONFIRM_RESET: Screen.CONFIRM,
        Mode.ERASING: Screen.TEACH,
        Mode.ASK_FOLDER: Screen.CONFIRM,
        Mode.IMPORTING: Screen.TEACH,
    }[state.mode]


def _picture(frame: Frame | None, mirror: bool) -> Picture | None:
    if frame is None:
        return None
    return Picture(("frame", frame.sequence, mirror), frame.image[:, ::-1] if mirror else frame.image)


def _cards(
    state: KioskState, probabilities: NDArray[np.float32] | None, leader: int | None, target: int, say: Say
) -> tuple[ClassCard, ...]:
    held = state.held.class_index if state.held else None
    suggested = None if held is not None or not state.teaching else _next_class(state)
    return tuple(
        ClassCard(
            button=index,
            index=index,
            label=one.label,
            key=str(index + 1),
            shots=one.shots,
            target=target,
            confidence=None if probabilities is None else float(probabilities[index]),
            leading=index == leader,
            held=index == held,
            enabled=state.teaching and state.camera is not None,
            suggested=index == suggested,
            thumbnails=one.thumbnails,
            count_text=say(_count(one.shots)),
        )
        for index, one in enumerate(state.classes)
    )


def _count(shots: int) -> Text:
    return counted("{count} picture", "{count} pictures", shots) if shots else message("hold to teach")


def _actions(state: KioskState, say: Say) -> tuple[ActionKey, ...]:
    ready = state.teaching and state.missing is None
    retrain = ready and (state.model is None or state.stale) and state.held is None and _enough(state)
    save = state.teaching and state.model is not None
    return (
        ActionKey(Action.TRAIN, "train", say(message("Train")), "T", enabled=ready, suggested=retrain),
        ActionKey(
            Action.SAVE,
            "save",
            say(message("Save")),
            "S",
            enabled=save,
            suggested=save and not state.stale and bool(state.drives),
        ),
        ActionKey(Action.UNDO, "undo", say(message("Undo")), "Z", enabled=state.teaching and any(state.shots)),
        ActionKey(
            Action.RESET,
            "reset",
            say(message("Reset")),
            "R",
            enabled=state.teaching and (any(state.shots) or state.model is not None),
        ),
    )


def _enough(state: KioskState) -> bool:
    return sum(shots >= _GOOD_START for shots in state.shots) >= 2


_GOOD_START = 5  # samples of a class from which training is worth suggesting


def _guidance(state: KioskState, leader: int | None) -> Text:
    """Say the one next useful thing."""
    if state.mode is Mode.TRAINING:
        return message("Comparing what you showed …")
    if state.mode is Mode.SAVING:
        return message("Writing your model.")
    if state.mode is Mode.IMPORTING:
        return message("Looking at what is on the drive …")
    if state.shown_from:
        return message("This is the model from {drive}. RESET goes back to your own.", drive=state.shown_from)
    if state.mode is Mode.ERASING:
        return message("Clearing the table …")
    if state.held is not None:
        label = state.classes[state.held.class_index].label
        return message("Keep turning it: every picture teaches {label}.", label=label)
    if state.model is not None:
        if state.stale and state.missing is None:
            return message("New pictures! Press TRAIN to learn them too.")
        if leader is None:
            return message("Show a thing again. Is it wrong? Hold its button.")
        return message("Is it wrong? Hold the right button, then TRAIN.")
    return _teaching_guidance(state)


def _teaching_guidance(state: KioskState) -> Text:
    next_class = _next_class(state)
    if next_class is None:
        return message("Press TRAIN – or teach one more thing.")
    label = state.classes[next_class].label
    taught = sum(shots > 0 for shots in state.shots)
    if taught == 0:
        return message("Show something to the camera and hold the {label} button.", label=label)
    if taught == 1:
        return message("Now show a different thing and hold the {label} button.", label=label)
    return message("A few more of {label}: turn it, move it, hold its button.", label=label)


def _next_class(state: KioskState) -> int | None:
    """The class whose button is the next useful press while there is no model, or None if that is TRAIN."""
    if state.model is not None:
        return None
    taught = [index for index, shots in enumerate(state.shots) if shots]
    if len(taught) < 2:
        return next(index for index, shots in enumerate(state.shots) if not shots)
    few = min(taught, key=lambda index: state.shots[index])
    return few if state.shots[few] < _GOOD_START else None


def _verdict(
    state: KioskState, probabilities: NDArray[np.float32] | None, leader: int | None, say: Say
) -> Verdict | None:
    if probabilities is None or state.mode is Mode.TRAINING:
        return None
    confidence = float(probabilities.max())
    if leader is None:
        return Verdict(say(message("not sure")), confidence, None)
    return Verdict(state.classes[leader].label, confidence, leader, f"{confidence:.0%}")


def _not_sure(probabilities: NDArray[np.float32] | None, threshold: float) -> float | None:
    """How far the best answer stays below the threshold: 0 when it is certain, 1 when it is a mere guess.

    It crosses one half exactly where the verdict turns into "not sure".
    """
    if probabilities is None:
        return None
    best, guess = float(probabilities.max()), 1 / max(2, len(probabilities))
    if best >= threshold:
        return 0.5 * (1 - best) / max(1e-6, 1 - threshold)
    return min(1.0, 0.5 + 0.5 * (threshold - best) / max(1e-6, threshold - guess))


def _rate(surroundings: Surroundings, say: Say) -> str:
    if not surroundings.frames_per_second:
        return ""
    return say(message("{rate} pictures/s", rate=f"{surroundings.frames_per_second:.0f}"))


def _progress(state: KioskState, surroundings: Surroundings) -> float | None:
    if state.mode in (Mode.TRAINING, Mode.SAVING):
        return surroundings.progress or 0.0
    return None


def _notice(state: KioskState, say: Say) -> Notice | None:
    if state.notice is None:
        return None
    tones = {Mood.HINT: Tone.HINT, Mood.SUCCESS: Tone.SUCCESS, Mood.WARNING: Tone.WARNING}
    return Notice(say(state.notice.text), tones[state.notice.mood])


def _question(state: KioskState, say: Say) -> Question | None:
    if state.mode is Mode.ASK_FOLDER and state.found is not None:
        return _folder_question(state, state.found, say)
    if state.mode is not Mode.CONFIRM_RESET:
        return None
    total = sum(state.shots)
    if state.model is None:
        text = counted("{count} picture will be erased.", "{count} pictures will be erased.", total)
    else:
        text = counted(
            "{count} picture and the model made from it will be erased.",
            "{count} pictures and the model made from them will be erased.",
            total,
        )
    return Question(
        title=say(message("Start over?")),
        text=say(text),
        answers=(
            ActionKey(Action.CANCEL, "cancel", say(message("Keep them")), "N"),
            ActionKey(Action.CONFIRM, "confirm", say(message("Erase")), "Y"),
        ),
    )


def _folder_question(state: KioskState, found: FolderFound, say: Say) -> Question:
    """What to do with the folder on a drive: the answers that are possible, on the class buttons, and no."""
    labels, total = ", ".join(found.labels), sum(state.shots)
    if total and found.has_session:
        text = counted(
            "Taught there: {labels}. Carrying on with it puts the {count} picture of here away.",
            "Taught there: {labels}. Carrying on with it puts the {count} pictures of here away.",
            total,
            labels=labels,
        )
    else:
        text = message("Taught there: {labels}.", labels=labels)
    answers = [ActionKey(Action.CANCEL, "cancel", say(message("Leave it")), "N")]
    if found.has_model:
        answers.insert(0, ActionKey(SHOW, "train", say(message("Show it")), str(SHOW + 1)))
    if found.has_session:
        answers.insert(0, ActionKey(CARRY_ON, "confirm", say(message("Carry on")), str(CARRY_ON + 1)))
    return Question(
        title=say(message("Something was taught on {drive}", drive=found.drive)),
        text=say(text),
        answers=tuple(answers),
        left=max(0.0, 1 - (state.now_s - state.asked_at_s) / ANSWER_WITHIN_S),
    )


def _accelerator_missing(state: KioskState) -> bool:
    return state.backend is not None and state.backend.problem is not None


def _blind(state: KioskState) -> Text | None:
    """What is needed before anything can be looked at; None while something answers."""
    return state.backend.problem if state.backend is not None and state.backend.blind and state.teaching else None


def _faulty(state: KioskState) -> bool:
    no_camera = state.camera is None and state.camera_problem is not None and state.teaching
    return state.fault is not None or no_camera or _blind(state) is not None


def _fault(state: KioskState, say: Say) -> tuple[str, str] | None:
    if not _faulty(state):
        return None
    if state.fault is not None:
        told = message("{what}. What you taught is safe. Please call a member of staff.", what=state.fault)
        return say(message("The kiosk needs a restart")), say(told)
    if (needed := _blind(state)) is not None and state.camera is not None:
        return say(message("The Edge TPU is needed")), say(needed)
    told = message("Check that the camera is plugged in: it goes on by itself. What you taught is safe.")
    return say(message("No camera picture")), say(told)


def _flash(state: KioskState) -> tuple[int, Picture, float] | None:
    arrival = state.arrival
    if arrival is None or state.now_s - arrival.at_s > FLASH_S:
        return None
    return arrival.class_index, arrival.picture, state.now_s - arrival.at_s
