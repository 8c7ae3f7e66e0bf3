"""Speak sure verdicts with a speech program of the system, if one is installed."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable, Sequence

from app.views.model import KioskView, Screen

logger = logging.getLogger(__name__)

SETTLE_S = 0.8  # a verdict is spoken after it has not changed for this long
QUIET_S = 2.5  # shortest pause between two sentences
AGAIN_S = 12.0  # the same sentence is spoken again after this time
TOO_LONG_S = 6.0  # a program that still speaks is stopped
Arguments = Callable[[str, str, float], Sequence[str]]
"""Returns the arguments of a program for a text, a language code and a volume, 0..1."""


def espeak(text: str, language: str, volume: float) -> Sequence[str]:
    """Arguments of espeak-ng and espeak; their amplitude is 0..200."""
    return ("-v", language, "-s", "150", "-a", str(round(volume * 150)), "--", text)


def speech_dispatcher(text: str, language: str, volume: float) -> Sequence[str]:
    """Arguments of spd-say; its volume is −100..100."""
    return ("-w", "-l", language, "-i", str(round(volume * 200 - 100)), "--", text)


ENGINES: tuple[tuple[str, Arguments], ...] = (
    ("espeak-ng", espeak),
    ("espeak", espeak),
    ("spd-say", speech_dispatcher),
)


class Speech:
    """Speaks one verdict at a time, with pauses, in a child process that it never waits for.

    Args:
        enabled: Returns whether to speak now.
        volume: Returns the present volume, 0 (mute) to 1.
        find: Returns the path of a program by name; None if it is not installed.
    """

    def __init__(
        self,
        enabled: Callable[[], bool],
        volume: Callable[[], float],
        find: Callable[[str], str | None] = shutil.which,
    ) -> None:
        self._enabled, self._volume = enabled, volume
        found = ((find(name), arguments) for name, arguments in ENGINES)
        self._engine = next(((path, arguments) for path, arguments in found if path is not None), None)
        self._process: subprocess.Popen[bytes] | None = None
        self._verdict: str | None = None
        self._since_s = 0.0
        self._spoken: tuple[str, float] | None = None

    @property
    def engine(self) -> str | None:
        """The path of the program that speaks; None if none is installed."""
        return self._engine[0] if self._engine else None

    def follow(self, view: KioskView) -> None:
        """Call this with every view that is shown; it speaks a verdict that has settled."""
        if self._engine is None or not self._enabled():
            return
        verdict = view.verdict if view.screen is Screen.LIVE and view.question is None else None
        text = verdict.text if verdict is not None and verdict.sure else None
        if text != self._verdict:
            self._verdict, self._since_s = text, view.now_s
        self._reap(view.now_s)
        if text is None or view.now_s - self._since_s < SETTLE_S or self._process is not None or self._volume() <= 0:
            return
        if self._spoken is not None:
            pause_s = view.now_s - self._spoken[1]
            if pause_s < (AGAIN_S if self._spoken[0] == text else QUIET_S):
                return
        self._spoken = (text, view.now_s)
        self._speak(text, view.language_code)

    def close(self) -> None:
        """Stop speaking at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _speak(self, text: str, language: str) -> None:
        if self._engine is None:
            return
        path, arguments = self._engine
        try:
            self._process = subprocess.Popen(
                [path, *arguments(text, language, self._volume())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            logger.warning("cannot speak: %s", error)
            self._engine = None

    def _reap(self, now_s: float) -> None:
        if self._process is None:
            return
        if self._process.poll() is not None:
            self._process = None
        elif self._spoken is not None and now_s - self._spoken[1] > TOO_LONG_S:
            self.close()
