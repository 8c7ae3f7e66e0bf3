"""A scripted visitor: teaches three things, trains, checks the answers, saves, and opens all screens.

It uses the kiosk as a person does: it puts things in front of the camera, presses buttons, whose events go through the
queue of the real buttons, and reads the answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from app.base.buttons import Action, Button, ScreenKey
from app.base.errors import KioskError
from app.base.ports import Clock
from app.core.events import WindowClosed
from app.core.state import Mode
from app.demo.tour import Hands, Steps, ask_why, go_away, look_around, play, visit_staff
from app.kiosk import Kiosk
from app.model.observation import Observation
from app.views.verdict import Answer, answer_with_settings

CLASSES = 3
HOLDS = 2
HOLD_S = 1.8  # long enough for more than ten samples on a fast machine
LONGEST_HOLD_S = 10.0  # a button that is held much longer counts as stuck (`buttons.stuck_after_s`)
MOST_PRESSES = 12  # without a new sample; then the visitor waits as long as in every other step
ENOUGH = 10  # samples of a thing: on a slow machine the visitor holds on until they are there
TURN_EVERY_S = 0.15
ROUNDS = 6  # each with a new view of every thing
ANSWERS_PER_VIEW = 4
FIRST_ROUND_S = 1.5  # for each thing, so that people who watch can read the answers
TIMEOUT_S, TIMEOUT_TICKS = 40.0, 600  # for each step; both must pass: on a slow machine ticks are rare
TIMEOUT_ANSWERS = 100  # they too must have come: under emulation they are much rarer than ticks
TICKS_WITHOUT_ANSWERS = 6000  # after so many ticks the kiosk is not slow: it looks at no picture any more


class DemoFailed(KioskError):
    """The kiosk did not do what the scripted visitor waited for."""


class Table(Protocol):
    """The table in front of the demonstration camera, and the camera's cable."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of things that can be put on the table."""

    def show(self, kind: str | None) -> None:
        """Put a thing on the table, or clear the table."""

    def lay(self, background: str, *, size: float = 1.0) -> None:
        """Lay another background under the thing: "wood" or "cloth"; `size` is how large things are then."""

    def new_view(self) -> None:
        """Move, turn and light the thing differently."""

    def unplug(self) -> None:
        """Pull the camera out."""

    def plug_in(self) -> None:
        """Plug the camera in again."""


class Panel(Protocol):
    """The buttons of the kiosk."""

    def press(self, button: Button) -> None:
        """Push a button down."""

    def release(self, button: Button) -> None:
        """Release a button."""


@dataclass
class Findings:
    """What the visitor found out.

    Attributes:
        shots: Samples per class at the end of the visit.
        validation_accuracy: That of the model, 0..1; None without a model, or if it is unknown.
        validation_from, provisional: See `TrainedFacts`; None without a model.
        right: How many answers to new views named the thing and were sure, as the screen shows without smoothing.
        near_misses: How many named the thing with a question mark. They are not among the right ones.
        not_sure: How many were "not sure". They are not among the right ones.
        looked: How many answers to new views there were. The rest were wrong.
        seconds: Duration of each step by name; "total" is there once the visit is complete.
        screenshots: Files, in the order in which they were saved.
    """

    shots: tuple[int, ...] = ()
    validation_accuracy: float | None = None
    validation_from: str | None = None
    provisional: bool | None = None
    right: int = 0
    near_misses: int = 0
    not_sure: int = 0
    looked: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    screenshots: list[Path] = field(default_factory=list)

    def count(self, answer: Answer, index: int) -> None:
        """Count an answer to a new view of the thing that was taught as class `index`."""
        self.looked += 1
        self.not_sure += answer.leader is None
        if answer.leader == index:
            self.right += answer.sure
            self.near_misses += not answer.sure

    @property
    def complete(self) -> bool:
        """Whether the visit was not interrupted."""
        return "total" in self.seconds

    @property
    def live_accuracy(self) -> float:
        """Fraction of the answers to new views that were right, 0..1."""
        return self.right / self.looked if self.looked else 0.0


class ScriptedVisitor:
    """Makes one visit; the frame loop calls `step` at every tick.

    Args:
        kiosk: The kiosk to use.
        panel: Its buttons.
        table: The table in front of its camera.
        clock: Monotonic seconds of the frame loop.
        take_screenshot: Saves the window under a short name and returns the file.
        skip: Sets that clock forward.
    """

    def __init__(
        self,
        kiosk: Kiosk,
        panel: Panel,
        table: Table,
        *,
        clock: Clock,
        take_screenshot: Callable[[str], Path],
        skip: Callable[[float], None],
    ) -> None:
        self.findings = Findings()
        self._kiosk, self._panel, self._table = kiosk, panel, table
        self._clock = clock
        self._take_screenshot = take_screenshot
        self._skip, self._skipped_s = skip, 0.0
        self._visit = self._script()
        self._ready: Callable[[], bool] = lambda: True
        self._waiting_since_s, self._ticks_waited, self._answers_waited = clock(), 0, 0
        self._last_seen: Observation | None = None

    def step(self) -> None:
        """Do the next step once the effect of the last one is there; close the kiosk after the last step.

        Raises:
            DemoFailed: If the effect does not appear in time.
        """
        if not self._ready():
            self._ticks_waited += 1
            self._answers_waited += self._kiosk.observation is not self._last_seen
            self._last_seen = self._kiosk.observation
            waited_s = self._clock() - self._waiting_since_s
            enough = TIMEOUT_TICKS if self._answers_waited > TIMEOUT_ANSWERS else TICKS_WITHOUT_ANSWERS
            if waited_s > TIMEOUT_S and self._ticks_waited > enough:
                raise DemoFailed(
                    f"the demonstration waited {waited_s:.0f} s without an effect while the kiosk was in mode "
                    f"{self._kiosk.state.mode.value!r}. Run it with --verbose to see why."
                )
            return
        self._waiting_since_s, self._ticks_waited, self._answers_waited = self._clock(), 0, 0
        ready = next(self._visit, None)
        if ready is None:
            self._kiosk.events.put(WindowClosed(by_button=True))
        else:
            self._ready = ready

    # --- the steps -------------------------------------------------------------------------------------

    def _script(self) -> Steps:
        started_s = self._elapsed_s()
        yield lambda: self._kiosk.shown is not None and self._kiosk.observation is not None
        yield from self._timed("teach", self._teach())
        yield from self._timed("train", self._train())
        yield from self._timed("recognise", self._recognise())
        yield from self._timed("save", self._save())
        yield from self._timed("tour", self._tour())
        self.findings.seconds["total"] = self._elapsed_s() - started_s

    def _teach(self) -> Steps:
        for index, kind in enumerate(self._table.kinds[:CLASSES]):
            self._table.show(kind)
            self._table.new_view()
            yield self._for(0.5)
            held_since_s = self._clock()
            for hold in range(HOLDS):  # one hold tests what the other has taught
                self._panel.press(index)
                held_since_s = self._clock()
                while self._clock() - held_since_s < HOLD_S / HOLDS:
                    self._table.new_view()
                    yield self._for(TURN_EVERY_S)
                if hold < HOLDS - 1:
                    self._panel.release(index)
                    yield self._for(TURN_EVERY_S)
            yield from self._hold_on(index, held_since_s)
            self._panel.release(index)
            yield self._for(0.3)
            if index == CLASSES - 1:
                self._screenshot("teach")

    def _hold_on(self, index: int, held_since_s: float) -> Steps:
        """Go on holding a button until there are enough samples; press it anew before it counts as stuck."""
        presses = 0  # since the newest sample
        while (taken := self._shots_of(index)) < ENOUGH:
            self._table.new_view()
            until_s = held_since_s + LONGEST_HOLD_S if presses < MOST_PRESSES else float("inf")
            yield partial(self._has_more_than, taken, index, until_s)
            if self._shots_of(index) > taken:
                presses = 0
            if self._clock() > until_s:
                self._panel.release(index)
                yield self._for(TURN_EVERY_S)
                self._panel.press(index)
                held_since_s, presses = self._clock(), presses + 1

    def _train(self) -> Steps:
        self._tap(Action.TRAIN)
        yield lambda: self._kiosk.state.mode is not Mode.TEACH
        self._screenshot("training")
        yield lambda: self._kiosk.state.mode is Mode.LIVE
        yield lambda: self._kiosk.observation is not None and self._kiosk.observation.model_path is not None

    def _recognise(self) -> Steps:
        for round_number in range(ROUNDS):
            for index, kind in enumerate(self._table.kinds[:CLASSES]):
                self._table.show(kind)
                self._table.new_view()
                yield self._for(0.15)  # frames from before the thing lay still do not count
                placed_at_s = self._clock()
                for _ in range(ANSWERS_PER_VIEW):
                    before = self._kiosk.observation
                    yield partial(self._answered, before, placed_at_s)
                    self._read_answer(index)
                if round_number == 0:
                    yield self._for(FIRST_ROUND_S)
            if round_number == ROUNDS - 1:
                yield self._for(0.6)
                self._screenshot("live")

    def _save(self) -> Steps:
        self._tap(Action.SAVE)
        yield lambda: self._kiosk.state.saving.finished
        yield self._for(0.3)
        self._screenshot("saved")
        self._tap(ScreenKey.BACK)
        yield lambda: self._kiosk.state.mode is Mode.LIVE

    def _tour(self) -> Steps:
        state = self._kiosk.state
        self.findings.shots = state.shots
        if state.model is not None:
            self.findings.validation_accuracy = state.model.validation_accuracy
            self.findings.validation_from = state.model.validation_from
            self.findings.provisional = state.model.provisional
        hands = Hands(
            self._kiosk,
            self._panel.press,
            self._tap,
            self._panel.release,
            self._for,
            self._skip_time,
            lambda plugged: self._table.plug_in() if plugged else self._table.unplug(),
            self._screenshot,
            self._table.show,
        )
        for part in (look_around, ask_why, play, visit_staff, go_away):
            yield from part(hands)

    # --- what the steps use ---------------------------------------------------------------------------------

    def _timed(self, step: str, script: Steps) -> Steps:
        started_s = self._elapsed_s()
        yield from script
        self.findings.seconds[step] = self._elapsed_s() - started_s

    def _elapsed_s(self) -> float:
        """Seconds of the clock without those that were skipped."""
        return self._clock() - self._skipped_s

    def _skip_time(self, seconds: float) -> None:
        self._skipped_s += seconds
        self._skip(seconds)

    def _shots_of(self, index: int) -> int:
        return self._kiosk.state.shots[index]

    def _has_more_than(self, shots: int, index: int, until_s: float) -> bool:
        """Whether a class has more samples, or a hold has lasted long enough."""
        return self._shots_of(index) > shots or self._clock() > until_s

    def _for(self, seconds: float) -> Callable[[], bool]:
        until_s = self._clock() + seconds
        return lambda: self._clock() >= until_s

    def _tap(self, button: Button) -> None:
        self._panel.press(button)
        self._panel.release(button)

    def _answered(self, before: Observation | None, since_s: float) -> bool:
        now = self._kiosk.observation
        return (
            now is not None
            and now is not before
            and now.probabilities is not None
            and now.frame.captured_at_s >= since_s
        )

    def _read_answer(self, index: int) -> None:
        seen = self._kiosk.observation
        if seen is None or seen.probabilities is None:
            return
        answer = answer_with_settings(seen.probabilities, seen.threshold, seen.novelty, self._kiosk.state.config.model)
        self.findings.count(answer, index)

    def _screenshot(self, name: str) -> None:
        self.findings.screenshots.append(self._take_screenshot(name))
