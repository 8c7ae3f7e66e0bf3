"""A speech program in the time of a test: it speaks as long as espeak-ng would, and notes what was heard of it."""

from __future__ import annotations

from collections.abc import Sequence

from app.ui.speech import WORDS_PER_MINUTE, Process
from app.views.model import KioskView

LETTERS_PER_S = 13.0  # of espeak-ng at its usual speed
PATH = "/usr/bin/espeak-ng"


class Spoken:
    """A text that the program was started with. It ends by itself, or it is interrupted.

    Attributes:
        args: The whole command.
        cut: Whether it was interrupted.
    """

    def __init__(self, engine: SpeechEngine, command: Sequence[str]) -> None:
        self.args, self.cut, self.returncode = tuple(command), False, None
        rate = int(command[command.index("-s") + 1]) / WORDS_PER_MINUTE
        self._engine, self._ends_s = engine, engine.now_s + len(self.text) / (LETTERS_PER_S * rate)

    args: tuple[str, ...]
    returncode: int | None

    @property
    def text(self) -> str:
        """What it was given to say."""
        return self.args[-1]

    @property
    def complete(self) -> bool:
        """Whether all of it was heard."""
        return not self.cut and self._engine.now_s >= self._ends_s

    def poll(self) -> int | None:
        """As of `subprocess.Popen`."""
        if self.returncode is None and self.complete:
            self.returncode = 0
        return self.returncode

    def kill(self) -> None:
        """As of `subprocess.Popen`."""
        if self.poll() is None:
            self.cut, self.returncode = True, -9

    def wait(self, timeout: float | None = None) -> int:
        """As of `subprocess.Popen`, for a program that was killed."""
        assert self.returncode is not None, timeout
        return self.returncode


class SpeechEngine:
    """Takes the place of espeak-ng: give `find` and `start` to `Speech`, and every view to `shows` before."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.spoken: list[Spoken] = []

    def find(self, name: str) -> str | None:
        """Return the path of the program, as `shutil.which` does."""
        return PATH if name == "espeak-ng" else None

    def start(self, command: Sequence[str]) -> Process:
        """Begin to speak."""
        self.spoken.append(Spoken(self, command))
        return self.spoken[-1]

    def shows(self, view: KioskView) -> KioskView:
        """Let the time of this view come."""
        self.now_s = view.now_s
        return view
