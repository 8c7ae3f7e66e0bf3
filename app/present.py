"""`present(state, ...) -> KioskView`: what the visitor reads, pure. The wording and "not sure" are here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.events import Action
from app.observation import STALE_AFTER_S, Smoothed
from app.ports import Frame
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
    screen = _screen(state)
    cards = _cards(state, probabilities, leader, surroundings.target_shots)
    return KioskView(
        screen=screen,
        picture=_picture(frame, surroundings.mirror) if state.camera else None,
        model_square=surroundings.model_square if frame is not None else None,
        cards=cards,
        actions=_actions(state),
        guidance=_guidance(state, leader),
        status=StatusStrip(
            camera=state.camera or "no camera",
            backend=surroundings.backend,
            frames_per_second=surroundings.frames_per_second if state.camera else 0.0,
            drive=", ".join(state.drives) or "no drive",
            problem=state.camera is None or state.fault is not None,
            rate_text=f"{surroundings.frames_per_second:.0f} pictures/s" if surroundings.frames_per_second else "",
        ),
        verdict=_verdict(state, probabilities, leader),
        not_sure=_not_sure(probabilities, seen.threshold),
        progress=_progress(state, surroundings),
        progress_text={Mode.TRAINING: "Learning …", Mode.SAVING: "Saving – leave the drive in …"}.get(state.mode, ""),
        notice=_notice(state),
        question=_question(state),
        fault=_fault(state),
        flash=_flash(state),
        now_s=state.now_s,
    )


def _current(state: KioskState, seen: Smoothed) -> NDArray[np.float32] | None:
    if state.model is None or state.camera is None or state.now_s - seen.captured_at_s > STALE_AFTER_S:
        return None
    return seen.probabilities


def _leader(probabilities: NDArray[np.float32] | None, threshold: float) -> int | None:
    if probabilities is None or float(probabilities.max()) < threshold:
        return None
    return int(probabilities.argmax())


def _screen(state: KioskState) -> Screen:
    if _fault(state) is not None:
        return Screen.FAULT
    return {
        Mode.TEACH: Screen.TEACH,
        Mode.TRAINING: Screen.TRAINING,
        Mode.LIVE: Screen.LIVE,
        Mode.SAVING: Screen.SAVING,
        Mode.CONFIRM_RESET: Screen.CONFIRM,
        Mode.ERASING: Screen.TEACH,
    }[state.mode]


def _picture(frame: Frame | None, mirror: bool) -> Picture | None:
    if frame is None:
        return None
    return Picture(("frame", frame.sequence, mirror), frame.image[:, ::-1] if mirror else frame.image)


def _cards(
    state: KioskState, probabilities: NDArray[np.float32] | None, leader: int | None, target: int
) -> tuple[ClassCard, ...]:
    held = state.held.class_index if state.held else None
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
            thumbnails=one.thumbnails,
            count_text=_count(one.shots),
        )
        for index, one in enumerate(state.classes)
    )


def _count(shots: int) -> str:
    return "1 picture" if shots == 1 else f"{shots} pictures" if shots else "hold to teach"


def _actions(state: KioskState) -> tuple[ActionKey, ...]:
    ready = state.teaching and state.missing is None
    retrain = ready and (state.model is None or state.stale) and state.held is None
    save = state.teaching and state.model is not None
    return (
        ActionKey(Action.TRAIN, "train", "Train", "T", enabled=ready, suggested=retrain and _enough(state)),
        ActionKey(
            Action.SAVE,
            "save",
            "Save",
            "S",
            enabled=save,
            suggested=save and not state.stale and bool(state.drives),
        ),
        ActionKey(Action.UNDO, "undo", "Undo", "Z", enabled=state.teaching and any(state.shots)),
        ActionKey(
            Action.RESET,
            "reset",
            "Reset",
            "R",
            enabled=state.teaching and (any(state.shots) or state.model is not None),
        ),
    )


def _enough(state: KioskState) -> bool:
    return sum(shots >= _GOOD_START for shots in state.shots) >= 2


_GOOD_START = 5  # samples of a class from which training is worth suggesting


def _guidance(state: KioskState, leader: int | None) -> str:
    """Say the one next useful thing."""
    if state.mode is Mode.TRAINING:
        return "Comparing what you showed …"
    if state.mode is Mode.SAVING:
        return "Writing your model."
    if state.mode is Mode.ERASING:
        return "Clearing the table …"
    if state.held is not None:
        return f"Keep turning it: every picture teaches {state.classes[state.held.class_index].label}."
    if state.model is not None:
        if state.stale and state.missing is None:
            return "New pictures! Press TRAIN to learn them too."
        if leader is None:
            return "Show a thing again. Is it wrong? Hold its button."
        return "Is it wrong? Hold the right button, then TRAIN."
    return _teaching_guidance(state)


def _teaching_guidance(state: KioskState) -> str:
    taught = [one for one in state.classes if one.shots]
    if not taught:
        return f"Show something to the camera and hold the {state.classes[0].label} button."
    if len(taught) == 1:
        other = next(one for one in state.classes if not one.shots)
        return f"Now show a different thing and hold the {other.label} button."
    few = min(taught, key=lambda one: one.shots)
    if few.shots < _GOOD_START:
        return f"A few more of {few.label}: turn it, move it, hold its button."
    return "Press TRAIN – or teach one more thing."


def _verdict(state: KioskState, probabilities: NDArray[np.float32] | None, leader: int | None) -> Verdict | None:
    if probabilities is None or state.mode is Mode.TRAINING:
        return None
    confidence = float(probabilities.max())
    if leader is None:
        return Verdict("not sure", confidence, None)
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


def _progress(state: KioskState, surroundings: Surroundings) -> float | None:
    if state.mode in (Mode.TRAINING, Mode.SAVING):
        return surroundings.progress or 0.0
    return None


def _notice(state: KioskState) -> Notice | None:
    if state.notice is None:
        return None
    tones = {Mood.HINT: Tone.HINT, Mood.SUCCESS: Tone.SUCCESS, Mood.WARNING: Tone.WARNING}
    return Notice(state.notice.text, tones[state.notice.mood])


def _question(state: KioskState) -> Question | None:
    if state.mode is not Mode.CONFIRM_RESET:
        return None
    total = sum(state.shots)
    pictures = "1 picture" if total == 1 else f"{total} pictures"
    model = " and the model made from them" if state.model is not None else ""
    return Question(
        title="Start over?",
        text=f"{pictures}{model} will be erased.",
        answers=(
            ActionKey(Action.CANCEL, "cancel", "Keep them", "N"),
            ActionKey(Action.CONFIRM, "confirm", "Erase", "Y"),
        ),
    )


def _fault(state: KioskState) -> tuple[str, str] | None:
    if state.fault is not None:
        return (
            "The kiosk needs a restart",
            f"{state.fault}. What you taught is safe. Please call a member of staff.",
        )
    if state.camera is None and state.camera_problem is not None and state.teaching:
        return "No camera picture", (
            "Check that the camera is plugged in: it goes on by itself. What you taught is safe."
        )
    return None


def _flash(state: KioskState) -> tuple[int, Picture, float] | None:
    arrival = state.arrival
    if arrival is None or state.now_s - arrival.at_s > FLASH_S:
        return None
    return arrival.class_index, arrival.picture, state.now_s - arrival.at_s
