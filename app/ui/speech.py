"""Says the verdict aloud through a speech engine of the system, if one is installed."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable, Sequence

from app.views.model import KioskView, Screen

logger = logging.getLogger(__name__)

SETTLE_S = 0.8  # a verdict that stands this long is meant
QUIET_S = 2.5  # least pause between two sentences
AGAIN_S = 12.0  # the same is said again after this
TOO_LONG_S = 6.0  # an engine that still speaks is stopped
Commands = Callable[[str, str, float], Sequence[str]]


def espeak(text: str, language: str, volume: float) -> Sequence[str]:
    """espeak-ng and espeak: amplitude 0..200."""
    return ("-v", language, "-s", "150", "-a", str(round(volume * 150)), "--", text)


def speech_dispatcher(text: str, language: str, volume: float) -> Sequence[str]:
    """spd-say: volume −100..100."""
    return ("-w", "-l", language, "-i", str(round(volume * 200 - 100)), "--", text)


ENGINES: tuple[tuple[str, Commands], ...] = (
    ("espeak-ng", espeak),
    ("espeak", espeak),
    ("spd-say", speech_dispatcher),
)


class Speech:
    """Speaks through a child process, never waits for it, and says little: one verdict at a time, with pauses.

    Args:
        enabled: Gives whether to speak at all, at this moment.
        volume: Gives the volume of the moment, 0 (mute) to 1.
        find: Finds a program by name; None if it is not installed.
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
        self._heard: str | None = None
        self._since_s = 0.0
        self._said: tuple[str, float] | None = None

    @property
    def engine(self) -> str | None:
        """The program that speaks, or None."""
        return self._engine[0] if self._engine else None

    def follow(self, view: KioskView) -> None:
        """Look at what is shown; say the verdict once it stands."""
        if self._engine is None or not self._enabled():
            return
        verdict = view.verdict if view.screen is Screen.LIVE and view.question is None else None
        text = verdict.text if verdict is not None and verdict.index is not None else None
        if text != self._heard:
            self._heard, self._since_s = text, view.now_s
        self._reap(view.now_s)
        if text is None or view.now_s - self._since_s < SETTLE_S or self._process is not None or self._volume() <= 0:
            return
        if self._said is not None:
            pause_s = view.now_s - self._said[1]
            if pause_s < (AGAIN_S if self._said[0] == text else QUIET_S):
                return
        self._said = (text, view.now_s)
        self._say(text, view.language_code)

    def close(self) -> None:
        """Stop in the middle of a word."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _say(self, text: str, language: str) -> None:
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
            logger.warning("no speech: %s", error)
            self._engine = None

    def _reap(self, now_s: float) -> None:
        if self._process is None:
            return
        if self._process.poll() is not None:
            self._process = None
        elif self._said is not None and now_s - self._said[1] > TOO_LONG_S:
            self.close()
