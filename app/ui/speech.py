"""Speak with a speech program of the system, if one is installed."""

from __future__ import annotations

import logging
import math
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from app.ui.utterance_queue import UtteranceQueue
from app.views.model import KioskView, Screen
from app.views.model.spoken import Importance, Kind, Utterance
from app.views.narration import VERDICT_SETTLES_S, Memory, narrated

logger = logging.getLogger(__name__)

SETTLE_S = VERDICT_SETTLES_S  # a verdict is spoken after it has not changed for this long
QUIET_S = 2.5  # shortest pause before a verdict
AGAIN_S = 12.0  # the same verdict is spoken again after this time, if only verdicts are spoken
CLOSES_WITHIN_S = 2.0  # at the end of the program, for a speech server that is told to stop
TOO_LONG_S = 6.0  # a program that still speaks is stopped, later if the text is long
LETTERS_PER_S = 8  # slow speech
WORDS_PER_MINUTE = 150
VOICES: dict[str, str] = {"en": "en", "de": "de", "fr": "fr", "es": "es", "tr": "tr"}
"""The voice of each language, as espeak-ng calls it."""

Arguments = Callable[[str, str, float, float], Sequence[str]]
"""Returns the arguments of a program for a text, a language code, a volume of 0..1, and how fast: 1 is as usual."""


def espeak(text: str, language: str, volume: float, rate: float = 1.0) -> Sequence[str]:
    """Arguments of espeak-ng and espeak; their amplitude is 0..200."""
    voice = VOICES.get(language, language)
    return ("-v", voice, "-s", str(round(WORDS_PER_MINUTE * rate)), "-a", str(round(volume * 150)), "--", text)


def speech_dispatcher(text: str, language: str, volume: float, rate: float = 1.0) -> Sequence[str]:
    """Arguments of spd-say; its volume and its rate are −100..100, and 100 is about three times as fast."""
    faster = min(100, max(-100, round(100 * math.log(rate, 3))))
    speed = ("-r", str(faster)) if faster else ()  # else as the person set it in speech-dispatcher
    return ("-w", "-l", language, "-i", str(round(volume * 200 - 100)), *speed, "--", text)


@dataclass(frozen=True)
class Engine:
    """A speech program.

    Attributes:
        arguments: Makes it speak until its process ends.
        silence: Makes it stop, if ending its process is not enough: a server speaks for it.
    """

    name: str
    arguments: Arguments
    silence: tuple[str, ...] = ()


ENGINES = (
    Engine("espeak-ng", espeak),
    Engine("espeak", espeak),
    Engine("spd-say", speech_dispatcher, ("-C",)),
)


class Process(Protocol):
    """A speech program that was started: what is used of `subprocess.Popen`."""

    args: Any
    returncode: int | Any

    def poll(self) -> int | None:
        """Return the exit status; None while it speaks."""

    def kill(self) -> None:
        """Make it stop at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


def start_silently(command: Sequence[str]) -> Process:
    """Start a program that writes nothing to the kiosk's own output."""
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere)


class Speech:
    """Speaks one text at a time, in a child process that it never waits for. An important text interrupts others.

    Args:
        enabled: Returns whether to speak the model's sure answers now.
        volume: Returns the present volume, 0 (mute) to 1.
        find: Returns the path of a program by name; None if it is not installed.
        everything: Returns whether to speak every screen, change and answer, for visitors who do not see the screen.
        rate: Returns how fast to speak; 1 is as usual.
        start: Starts a program with its arguments.
    """

    def __init__(
        self,
        enabled: Callable[[], bool],
        volume: Callable[[], float],
        find: Callable[[str], str | None] = shutil.which,
        everything: Callable[[], bool] = lambda: False,
        rate: Callable[[], float] = lambda: 1.0,
        start: Callable[[Sequence[str]], Process] = start_silently,
    ) -> None:
        self._enabled, self._volume, self._everything, self._rate = enabled, volume, everything, rate
        found = ((find(engine.name), engine) for engine in ENGINES)
        self._engine = next(((path, engine) for path, engine in found if path is not None), None)
        self._start = start
        self._process: Process | None = None
        self._silencer: Process | None = None  # tells the speech server to stop; the screen never waits
        self._current: Utterance | None = None
        self._started_s = 0.0
        self._queue = UtteranceQueue()
        self._memory = Memory()
        self._verdict: str | None = None
        self._since_s = 0.0
        self._answered: tuple[str, float] | None = None

    @property
    def engine(self) -> str | None:
        """The path of the program that speaks; None if none is installed."""
        return self._engine[0] if self._engine else None

    @property
    def narrates(self) -> bool:
        """Whether it is reading the screen aloud now."""
        return self._process is not None and self._everything()

    def follow(self, view: KioskView) -> None:
        """Call this with every view that is shown; it speaks what is new in it."""
        if self._engine is None:
            return
        everything = self._everything()
        if not everything and not self._enabled():
            self._forget()
            return
        if everything:
            self._memory, utterances = narrated(self._memory, view)
        else:
            self._memory, utterances = Memory(), self._sure_answer(view)
        self._reap(view.now_s)
        for one in utterances:
            current = self._current
            if self._queue.add(one, current, view.now_s):
                self._silence()
                if current is not None and current.importance is Importance.MOVE and one.importance is Importance.HINT:
                    self._queue.add(current, None, view.now_s)  # the highlight is still there when the hint was said
        self._speak_next(view.now_s)

    def close(self) -> None:
        """Stop speaking at once."""
        self._silence()
        self._let_silencer_end()

    def _sure_answer(self, view: KioskView) -> tuple[Utterance, ...]:
        """A sure verdict that has settled; the same one again after a while."""
        verdict = view.verdict if view.screen is Screen.LIVE and view.question is None else None
        text = verdict.text if verdict is not None and verdict.sure else None
        if text != self._verdict:
            self._verdict, self._since_s = text, view.now_s
        if text is None or view.now_s - self._since_s < SETTLE_S or self._volume() <= 0 or self._process is not None:
            return ()
        if self._answered is not None:
            pause_s = view.now_s - self._answered[1]
            if pause_s < (AGAIN_S if self._answered[0] == text else QUIET_S):
                return ()
        return (Utterance(text, Kind.VERDICT, Importance.HINT, view.language_code),)

    def _speak_next(self, now_s: float) -> None:
        if self._process is not None or self._volume() <= 0:
            return
        quiet = self._answered is None or now_s - self._answered[1] >= QUIET_S
        utterance = self._queue.take(now_s, answers=quiet)
        if utterance is None:
            return
        if utterance.kind is Kind.VERDICT:
            self._answered = (utterance.text, now_s)
        self._speak(utterance, now_s)

    def _speak(self, utterance: Utterance, now_s: float) -> None:
        if self._engine is None:
            return
        path, engine = self._engine
        try:
            arguments = engine.arguments(utterance.text, utterance.language, self._volume(), self._rate())
            self._process = self._start([path, *arguments])
        except (OSError, ValueError) as error:
            logger.warning("cannot speak: %s", error)
            self._engine = None
        else:
            self._current, self._started_s = utterance, now_s

    def _reap(self, now_s: float) -> None:
        if self._process is None or self._current is None:
            return
        if self._process.poll() is not None:
            self._process = self._current = None
        elif now_s - self._started_s > TOO_LONG_S + len(self._current.text) / (LETTERS_PER_S * min(1.0, self._rate())):
            self._silence()

    def _silence(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = self._current = None
        if self._engine is not None and self._engine[1].silence:
            self._end_silencer()
            with suppress(OSError):
                self._silencer = self._start([self._engine[0], *self._engine[1].silence])

    def _end_silencer(self) -> None:
        if self._silencer is not None:
            self._silencer.kill()
            self._silencer.wait()
            self._silencer = None

    def _let_silencer_end(self) -> None:
        if self._silencer is not None:
            with suppress(subprocess.TimeoutExpired):
                self._silencer.wait(CLOSES_WITHIN_S)
            self._end_silencer()

    def _forget(self) -> None:
        self._silence()
        self._memory = Memory()
        self._queue.clear()
