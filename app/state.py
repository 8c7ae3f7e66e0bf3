"""The kiosk's state and every transition of it: `advance(state, event) -> (state, commands)`, pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from app import events as ev
from app.events import Action, Command, Event
from app.presses import Inputs, hear
from app.session import still_missing
from app.ui.view import Picture

NOTICE_S = 3.5
SURE_AFTER_S = 0.8  # a second press on RESET within this is a bounce or a child's drumming, no answer
ANSWER_WITHIN_S = 20.0  # nobody answers: everything is kept
THUMBNAILS = 12


class Mode(Enum):
    """What the kiosk is doing."""

    TEACH = "teach"
    TRAINING = "training"
    LIVE = "live"
    SAVING = "saving"
    CONFIRM_RESET = "confirm_reset"
    ERASING = "erasing"


class Mood(Enum):
    """How a notice is meant."""

    HINT = "hint"
    SUCCESS = "success"
    WARNING = "warning"


@dataclass(frozen=True)
class Notice:
    """A passing message."""

    text: str
    mood: Mood
    until_s: float


@dataclass(frozen=True)
class Timing:
    """How holding a class button takes samples, and how many a class takes at most."""

    hold_delay_s: float = 0.35
    sample_interval_s: float = 0.12
    max_shots: int = 300


@dataclass(frozen=True)
class ClassState:
    """One class as taught so far; `thumbnails` are its newest samples, newest last."""

    label: str
    shots: int = 0
    thumbnails: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Held:
    """A class button that is down. `waiting` while its last sample is not stored yet."""

    class_index: int
    next_sample_at_s: float
    waiting: bool = True


@dataclass(frozen=True)
class TrainedFacts:
    """The model that answers: how good it was on held-out samples, and from how many samples it was made."""

    validation_accuracy: float
    threshold: float
    shots: tuple[int, ...]


@dataclass(frozen=True)
class Arrival:
    """The latest sample that was stored, for the picture that flies into its card."""

    class_index: int
    picture: Picture
    at_s: float


@dataclass(frozen=True)
class KioskState:
    """All that the screen and the next press depend on.

    Attributes:
        model: None until the first training of this session went live.
        camera: Its name while frames arrive, else None.
        camera_problem: Why they do not.
        changed: A sample came or went since the model went live.
        in_flight: Presses whose sample is not stored yet.
        asked_at_s: When CONFIRM_RESET began, or RESET was pressed in it too early.
        inputs: Keys, pads and pins: what they mean and which are down.
    """

    classes: tuple[ClassState, ...]
    mode: Mode = Mode.TEACH
    asked_at_s: float = 0.0
    model: TrainedFacts | None = None
    changed: bool = False
    in_flight: int = 0
    held: Held | None = None
    notice: Notice | None = None
    arrival: Arrival | None = None
    camera: str | None = None
    camera_problem: str | None = None
    fault: str | None = None
    drives: tuple[str, ...] = ()
    timing: Timing = field(default_factory=Timing)
    inputs: Inputs = field(default_factory=Inputs)
    now_s: float = 0.0

    @property
    def labels(self) -> tuple[str, ...]:
        """Class labels in label order."""
        return tuple(one.label for one in self.classes)

    @property
    def shots(self) -> tuple[int, ...]:
        """Samples per class."""
        return tuple(one.shots for one in self.classes)

    @property
    def teaching(self) -> bool:
        """A class button takes samples now."""
        return self.mode in (Mode.TEACH, Mode.LIVE)

    @property
    def stale(self) -> bool:
        """Samples have come or gone since the model was trained."""
        return self.model is not None and (self.changed or self.model.shots != self.shots)

    @property
    def resting_mode(self) -> Mode:
        """Where every job and every question ends: LIVE with a model, TEACH without."""
        return Mode.LIVE if self.model is not None else Mode.TEACH

    @property
    def missing(self) -> str | None:
        """What training still needs, in words for the visitor; None when TRAIN would work."""
        return still_missing(self.labels, self.shots)


Step = tuple[KioskState, tuple[Command, ...]]


def advance(state: KioskState, event: Event) -> Step:
    """Give the state after `event` and what follows from it, and the commands to carry out because of them."""
    inputs, follow = hear(state.inputs, event, state.now_s)
    if inputs is not state.inputs:
        state = replace(state, inputs=inputs)
    state, commands = _step(state, event)
    for one in follow:
        state, more = _step(state, one)
        commands = (*commands, *more)
    return state, commands


def _step(state: KioskState, event: Event) -> Step:
    transition = _TRANSITIONS.get(type(event))
    return transition(state, event) if transition else (state, ())


def _pressed(state: KioskState, event: ev.ButtonPressed) -> Step:
    button = event.button
    if button is Action.FULLSCREEN:
        return state, (ev.ToggleFullscreen(),)
    if state.mode is Mode.CONFIRM_RESET:
        return _answered(state, button)
    if button is Action.LEAVE:
        return state, (ev.Leave(),)
    if not state.teaching:
        return state, ()  # presses while training or saving do nothing, now or later
    if isinstance(button, int):
        return _class_pressed(state, button)
    if button is Action.TRAIN:
        if state.missing:
            return _refused(state, state.missing)
        return replace(state, mode=Mode.TRAINING, held=None, notice=None), (
            ev.StartTraining(),
            ev.PlaySound("train"),
        )
    if button is Action.UNDO:
        if not any(state.shots) and not state.in_flight:
            return _refused(state, "There is nothing to take back yet.")
        return replace(state, held=None), (ev.RemoveLastSample(),)
    if button is Action.SAVE:
        if state.model is None:
            return _refused(state, "Press TRAIN first: then there is a model to save.")
        return replace(state, mode=Mode.SAVING, held=None, notice=None), (ev.StartSaving(),)
    if button is Action.RESET:
        if not any(state.shots) and state.model is None:
            return _refused(state, "It is all empty already.")
        return replace(state, mode=Mode.CONFIRM_RESET, asked_at_s=state.now_s, held=None, notice=None), ()
    return state, ()


def _answered(state: KioskState, button: ev.Button) -> Step:
    """Yes is its own key, or RESET once more after a moment of rest; every other button keeps what there is."""
    if button is Action.RESET and state.now_s - state.asked_at_s < SURE_AFTER_S:
        return replace(state, asked_at_s=state.now_s), ()  # whoever drums on it never answers
    if button in (Action.CONFIRM, Action.RESET):
        return replace(state, mode=Mode.ERASING), (ev.EraseSession(),)
    return replace(state, mode=state.resting_mode), ()


def _class_pressed(state: KioskState, index: int) -> Step:
    if not 0 <= index < len(state.classes):
        return state, ()
    if state.held is not None:
        return state, ()  # two at once: the first keeps the camera
    if state.camera is None:
        return _refused(state, "There is no picture to learn from. Check the camera's cable.")
    if (full := _full(state, index)) is not None:
        return _refused(state, full)
    held = Held(index, state.now_s + state.timing.hold_delay_s)
    return replace(state, held=held, notice=None, in_flight=state.in_flight + 1), (ev.AddSample(index),)


def _full(state: KioskState, index: int) -> str | None:
    if state.classes[index].shots < state.timing.max_shots:
        return None
    return f"{state.classes[index].label} is full with {state.timing.max_shots} pictures. Press TRAIN."


def _released(state: KioskState, event: ev.ButtonReleased) -> Step:
    if state.held is not None and event.button == state.held.class_index:
        return replace(state, held=None), ()
    return state, ()


def _time_passed(state: KioskState, event: ev.TimePassed) -> Step:
    now_s = event.now_s
    notice = state.notice if state.notice and state.notice.until_s > now_s else None
    state = replace(state, now_s=now_s, notice=notice)
    if state.mode is Mode.CONFIRM_RESET and now_s - state.asked_at_s > ANSWER_WITHIN_S:
        state = replace(state, mode=state.resting_mode)
    held = state.held
    if held is None or held.waiting or now_s < held.next_sample_at_s or state.camera is None:
        return state, ()
    if (full := _full(state, held.class_index)) is not None:
        return _refused(replace(state, held=None), full)
    next_at_s = max(held.next_sample_at_s + state.timing.sample_interval_s, now_s)
    held = replace(held, next_sample_at_s=next_at_s, waiting=True)
    return replace(state, held=held, in_flight=state.in_flight + 1), (ev.AddSample(held.class_index),)


def _sample_added(state: KioskState, event: ev.SampleAdded) -> Step:
    old = state.classes[event.class_index]
    new = replace(old, shots=old.shots + 1, thumbnails=(*old.thumbnails, event.picture)[-THUMBNAILS:])
    state = replace(
        _with_class(state, event.class_index, new),
        held=_no_longer_waiting(state.held, event.class_index),
        in_flight=max(0, state.in_flight - 1),
        changed=True,
        arrival=Arrival(event.class_index, event.picture, state.now_s),
    )
    return state, (ev.PlaySound("tick"),)


def _sample_removed(state: KioskState, event: ev.SampleRemoved) -> Step:
    old = state.classes[event.class_index]
    new = replace(old, shots=max(0, old.shots - 1), thumbnails=old.thumbnails[:-1])
    state = replace(_with_class(state, event.class_index, new), arrival=None, changed=True)
    return _noticed(state, f"Took back the last picture of {old.label}.", Mood.HINT), (ev.PlaySound("undo"),)


def _sample_refused(state: KioskState, event: ev.SampleRefused) -> Step:
    return _refused(replace(state, held=None, in_flight=max(0, state.in_flight - 1)), event.reason)


def _sample_withdrawn(state: KioskState, _: ev.SampleWithdrawn) -> Step:
    state = replace(state, held=None, in_flight=max(0, state.in_flight - 1))
    return _noticed(state, "Took back the last press.", Mood.HINT), (ev.PlaySound("undo"),)


def _undo_failed(state: KioskState, event: ev.UndoFailed) -> Step:
    return _refused(state, event.reason)


def _erase_failed(state: KioskState, event: ev.EraseFailed) -> Step:
    return _refused(replace(state, mode=state.resting_mode), event.reason)


def _training_finished(state: KioskState, event: ev.TrainingFinished) -> Step:
    model = TrainedFacts(event.validation_accuracy, event.threshold, event.shots)
    state = replace(state, mode=Mode.LIVE, model=model, changed=False)
    return _noticed(state, _accuracy_in_words(event.validation_accuracy), Mood.SUCCESS), (ev.PlaySound("ready"),)


def _accuracy_in_words(accuracy: float) -> str:
    if accuracy >= 1:
        return "Learned it! Every picture it had not seen was named right."
    tenths = int(accuracy * 10)
    if tenths >= 7:
        return f"Learned it: about {tenths} of 10 new pictures are named right."
    return f"Only about {tenths} of 10 new pictures are named right. Show each thing from more sides."


def _training_failed(state: KioskState, event: ev.TrainingFailed) -> Step:
    return _refused(replace(state, mode=state.resting_mode), event.reason)


def _saving_finished(state: KioskState, event: ev.SavingFinished) -> Step:
    where = f"Saved to {event.folder}."
    text = f"{where} You may pull the drive out now." if event.removable else where
    state = replace(state, mode=state.resting_mode)
    return _noticed(state, text, Mood.SUCCESS, 2 * NOTICE_S), (ev.PlaySound("saved"),)


def _saving_failed(state: KioskState, event: ev.SavingFailed) -> Step:
    return _refused(replace(state, mode=state.resting_mode), event.reason)


def _session_erased(state: KioskState, _: ev.SessionErased) -> Step:
    classes = tuple(ClassState(one.label) for one in state.classes)
    state = replace(state, classes=classes, mode=Mode.TEACH, model=None, changed=False, held=None, arrival=None)
    return _noticed(state, "All clear. Show something and hold its button.", Mood.HINT), (ev.PlaySound("undo"),)


def _camera_found(state: KioskState, event: ev.CameraFound) -> Step:
    return replace(state, camera=event.name, camera_problem=None), ()


def _camera_lost(state: KioskState, event: ev.CameraLost) -> Step:
    return replace(state, camera=None, camera_problem=event.reason, held=None), ()


def _vision_failed(state: KioskState, event: ev.VisionFailed) -> Step:
    return _refused(state, event.reason)


def _drives_changed(state: KioskState, event: ev.DrivesChanged) -> Step:
    new = [name for name in event.writable if name not in state.drives]
    state = replace(state, drives=event.names)
    if new and state.model is not None:
        return _noticed(state, f"Found the drive {new[0]}. SAVE puts the model on it.", Mood.HINT), ()
    return state, ()


def _worker_failed(state: KioskState, event: ev.WorkerFailed) -> Step:
    return replace(state, held=None, fault=f"The {event.worker} part stopped"), ()


def _with_class(state: KioskState, index: int, new: ClassState) -> KioskState:
    return replace(state, classes=(*state.classes[:index], new, *state.classes[index + 1 :]))


def _no_longer_waiting(held: Held | None, class_index: int) -> Held | None:
    if held is None or held.class_index != class_index:
        return held
    return replace(held, waiting=False)


def _noticed(state: KioskState, text: str, mood: Mood, seconds: float = NOTICE_S) -> KioskState:
    return replace(state, notice=Notice(text, mood, state.now_s + seconds))


def _refused(state: KioskState, text: str) -> Step:
    return _noticed(state, text, Mood.WARNING), (ev.PlaySound("refused"),)


_TRANSITIONS: dict[type, Callable[[KioskState, Any], Step]] = {
    ev.ButtonPressed: _pressed,
    ev.ButtonReleased: _released,
    ev.TimePassed: _time_passed,
    ev.SampleAdded: _sample_added,
    ev.SampleRemoved: _sample_removed,
    ev.SampleRefused: _sample_refused,
    ev.SampleWithdrawn: _sample_withdrawn,
    ev.UndoFailed: _undo_failed,
    ev.EraseFailed: _erase_failed,
    ev.TrainingFinished: _training_finished,
    ev.TrainingFailed: _training_failed,
    ev.SavingFinished: _saving_finished,
    ev.SavingFailed: _saving_failed,
    ev.SessionErased: _session_erased,
    ev.CameraFound: _camera_found,
    ev.CameraLost: _camera_lost,
    ev.VisionFailed: _vision_failed,
    ev.DrivesChanged: _drives_changed,
    ev.WorkerFailed: _worker_failed,
}
