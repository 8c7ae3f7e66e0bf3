"""Views of the main screen and of the games for tests: `present` makes them of states that real events lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.buttons import Action, Button
from app.base.camera_faults import CameraCause, CameraFault
from app.base.explanation import Explanation, Way
from app.base.i18n import message
from app.base.picture import Picture
from app.base.ports import Drive, Frame
from app.config.schema import Config
from app.core import events as ev
from app.core.facts import TaughtClass, TrainedFacts
from app.core.game import GameStep, NewAnswer
from app.core.modes.games import ENOUGH_TO_REPAIR, STEADY_S
from app.core.state import KioskState, Mode
from app.model.observation import Smoothed
from app.views.model import KioskView
from app.views.present import Surroundings, present
from app.views.waking import waking
from tests.support.painted import NAMES, painted, picture
from tests.support.states import run

SHOTS = 14
TURNED, STILL = 0.9, 0.0  # variety of the pictures of a thing
SEEN = 1  # the class of the thing in front of the camera
SURE, GUESSED, UNSURE = 0.94, 0.7, 0.4  # probabilities of its class
USUAL, NEAR, STRANGE = 0.2, 1.1, 1.6  # novelty of the picture
WEBCAM = "/dev/v4l/by-id/usb-046d_HD_Webcam_C270-video-index0"
CONTACT = "Ada of the museum, 0123 456 789"
DRIVES = (
    ("HOLIDAY 2025", "vfat", 12_300_000_000),
    ("NO NAME", "exfat", 58_900_000_000),
    ("Schraubenzieherkasten der Werkstatt", "ext4", 812_000_000),
    ("KIOSK", "vfat", 3_000_000),
)


class Visit:
    """One visitor, event by event, at a kiosk with classes that are named already."""

    def __init__(self, count: int, names: tuple[str, ...]) -> None:
        config = Config()
        self.state = KioskState(
            classes=tuple(TaughtClass(name) for name in names[:count]),
            config=replace(config, staff=replace(config.staff, contact=CONTACT)),
            now_s=100.0,
            last_input_s=100.0,
        )
        self.happens(ev.CameraFound("demonstration"))

    def happens(self, *events: ev.Event) -> KioskState:
        self.state, _ = run(self.state, *events)
        return self.state

    def waits(self, seconds: float) -> KioskState:
        return self.happens(ev.TimePassed(self.state.now_s + seconds))

    def reaches(self, mode: Mode) -> KioskState:
        """Wait until the kiosk changes to a mode by itself."""
        while self.state.mode is not mode:
            self.waits(1.0)
        return self.state

    def press(self, *buttons: Button) -> KioskState:
        for button in buttons:
            self.waits(1.0)  # the first moment of a question is no time to answer it
            self.happens(ev.ButtonPressed(button), ev.ButtonReleased(button))
        return self.state

    def hold(self, index: int, shots: int = SHOTS, variety: float = TURNED) -> KioskState:
        """Press a class button until there are so many more samples of its class; it stays down."""
        self.happens(ev.ButtonPressed(index))
        for place in range(shots):
            if place:
                self.waits(self.state.timing.hold_delay_s)
            number = self.state.shots[index]
            one = picture(index, number)
            self.happens(ev.SampleTaken(index, one), ev.SampleAdded(index, 100 * index + number, one, variety))
        return self.state

    def teach(self, index: int, shots: int = SHOTS) -> KioskState:
        self.hold(index, shots)
        return self.happens(ev.ButtonReleased(index))

    def train(self) -> KioskState:
        """Press TRAIN; the new model answers, and the message about it is on the screen."""
        self.press(Action.TRAIN)
        count = len(self.state.classes)
        confusion = np.eye(count, dtype=int) * 4
        confusion[1, :2] = 2, 2
        right = float(np.trace(confusion) / confusion.sum())
        facts = TrainedFacts(right, 0.5, self.state.shots, {"confusion": confusion.tolist(), "wrong": []}, "holds")
        return self.happens(ev.TrainingFinished(Path("model"), facts))

    def shows(self, label_index: int, seconds: float, *, sureness: float = SURE) -> KioskState:
        """The model names a class for some seconds, while a game watches."""
        seen = Picture(("trick", label_index), painted(label_index))
        for _ in range(round(seconds / 0.25) + 1):
            if self.state.mode is Mode.LIVE:
                self.happens(ev.AnswerSeen(label_index, sureness, True, seen, explanation(label_index)))
                self.waits(0.25)
        return self.state

    def is_tricked(self) -> Iterator[KioskState]:
        """Play until the model takes one thing for another: the question about it, and what the kiosk says then."""
        self.shows(0, 0.5)  # another thing is there first
        yield self.shows(SEEN, STEADY_S)
        yield self.press(0)

    def repairs(self) -> KioskState:
        """Teach the thing of the trick, train, and see that the new model names another class."""
        assert self.state.game is not None
        assert self.state.game.trick is not None
        trick, other = self.state.game.trick, 2 % len(self.state.classes)
        self.press(Action.TRAIN)
        self.teach(0, ENOUGH_TO_REPAIR)
        self.train()
        assert self.state.game.step is GameStep.ANSWERED
        return self.happens(ev.PictureAnswered(trick.picture, NewAnswer(other, 0.91, True, explanation(other))))


def explanation(winner: int, x: float = 0.62, y: float = 0.42) -> Explanation:
    """One part of the picture speaks for a class, (x, y) from its upper left corner, 0..1."""
    across = (np.arange(7, dtype=np.float32) + 0.5) / 7
    away = (across[np.newaxis] - x) ** 2 + (across[:, np.newaxis] - y) ** 2
    return Explanation(np.exp(-away / 0.03).astype(np.float32), winner, int(winner == 0), False, 1.5, Way.EXACT)


def answers(count: int, probability: float = SURE, index: int = SEEN) -> NDArray[np.float32]:
    """Probabilities of the classes, of which one has this one, and the others share the rest."""
    made = np.full(count, (1 - probability) / (count - 1), np.float32)
    made[index] = probability
    return made


def shown(
    state: KioskState,
    probability: float = SURE,
    novelty: float = USUAL,
    *,
    why: Explanation | None = None,
    thing: int | None = SEEN,
) -> KioskView:
    """The view of a state while a thing is in front of the camera; None is before its first picture."""
    seen = Smoothed(answers(len(state.classes), probability), 0.5, 1, state.now_s, novelty, why)
    frame = None if thing is None else Frame(painted(thing), 1, state.now_s)
    return present(state, frame, seen, Surroundings("CPU", 30.0, 0.6, (20, 0, 120)))


def live_state(count: int = 3, names: tuple[str, ...] = NAMES) -> KioskState:
    """Everything was taught, and the model has been answering for a while."""
    return _visit_of(count, names)["live"]


@lru_cache(maxsize=32)
def main_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """The main screen in its states; the dictionary is shared, so do not change it."""
    states = _visit_of(count, names)
    return {
        "welcome": shown(states["welcome"], thing=2),
        "teach": shown(states["teach"]),
        "alike": shown(states["alike"]),
        "ready": shown(states["ready"], thing=2),
        "training": shown(states["training"], thing=2),
        "live": shown(states["live"]),
        "not_sure": shown(states["learned"], UNSURE, STRANGE),
        "near_miss": shown(states["live"], novelty=NEAR),
        "confirm": shown(states["confirm"]),
        "still_there": shown(states["still_there"]),
        "which_drive": shown(states["which_drive"]),
        "fault": shown(states["fault"], thing=None),
        "waking": waking("en", "paper"),
        "waiting": shown(states["ready"], thing=None),
    }


@lru_cache(maxsize=4)
def game_views(count: int = 3, names: tuple[str, ...] = NAMES) -> dict[str, KioskView]:
    """WHY, and the games; the dictionary is shared, so do not change it."""
    states = _games_of(count, names)
    why, elsewhere = explanation(SEEN), explanation(SEEN, 0.3, 0.6)
    return {
        "why": shown(states["why"], why=why),
        "why_not_sure": shown(states["why"], UNSURE, STRANGE, why=elsewhere),
        "which_game": shown(states["which_game"]),
        "trick": shown(states["trick"], GUESSED, thing=0),
        "trick_question": shown(states["trick_question"]),
        "tricked": shown(states["tricked"]),
        "trick_defeated": shown(states["trick_defeated"]),
        "guided": shown(states["guided"], thing=2),
    }


@lru_cache(maxsize=32)
def _visit_of(count: int, names: tuple[str, ...]) -> dict[str, KioskState]:
    """A visit from the first look to the model that answers, and what can come in between."""
    visit = Visit(count, names)
    states = {"welcome": visit.state}
    for index in range(count):
        if index != SEEN:
            visit.teach(index)
    for name, variety in (("alike", STILL), ("teach", TURNED)):
        one = _from(visit)
        states[name] = one.hold(SEEN, variety=variety)
    states["ready"] = one.happens(ev.ButtonReleased(SEEN))
    states["training"] = _from(one).press(Action.TRAIN)
    states["learned"] = one.train()
    while one.state.notice is not None:
        one.waits(1.0)
    states["live"] = one.press()
    states["confirm"] = _from(one).press(Action.RESET)
    asked = _from(one)
    asked.reaches(Mode.STILL_THERE)
    states["still_there"] = asked.waits(6.0)
    drives = tuple(Drive(name, Path("/media", name), free, False, kind) for name, kind, free in DRIVES)
    saves = _from(one)
    saves.happens(ev.DrivesChanged(drives))
    saves.press(Action.SAVE)
    states["which_drive"] = saves.waits(9.0)
    lost = ev.CameraLost(message("it delivers no pictures."), (CameraFault(WEBCAM, CameraCause.SILENT),))
    states["fault"] = _from(one).happens(lost)
    return states


@lru_cache(maxsize=4)
def _games_of(count: int, names: tuple[str, ...]) -> dict[str, KioskState]:
    """WHY, and a whole game that is won, until the next one begins."""
    live, states = Visit(count, names), {}
    states["guided"] = _from(live).press(Action.PLAY, 1)
    live.state = live_state(count, names)
    states["why"] = _from(live).press(Action.WHY)
    live.press(Action.PLAY)
    states["which_game"] = _from(live).waits(5.0)
    live.press(0, SEEN)
    states["trick_question"], states["tricked"] = live.is_tricked()
    states["trick_defeated"] = live.repairs()
    states["trick"] = live.press(Action.TRAIN)
    return states


def _from(visit: Visit) -> Visit:
    """Another visit that has come as far as this one."""
    other = object.__new__(Visit)
    other.state = visit.state
    return other
