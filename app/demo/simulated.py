"""A clock, a panel of buttons and drives that a test or the scripted visitor controls.

They are complete devices that keep the rules of the real ones, and have methods for what people do to those, such as
`SimulatedDrives.insert`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from app.base.buttons import Button
from app.base.i18n import Text
from app.base.ports import Clock, Drive, UnmountedDrive
from app.core.events import ButtonPressed, ButtonReleased, Event


class SimulatedClock:
    """A monotonic clock that can be set forward, so that a demonstration need not wait for timeouts."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._skipped_s = 0.0

    def __call__(self) -> float:
        """Monotonic seconds."""
        return self._clock() + self._skipped_s

    def skip(self, seconds: float) -> None:
        """Set the clock forward."""
        self._skipped_s += seconds


class SimulatedPanel:
    """A panel of buttons. Its events go into the same queue as those of real buttons."""

    def __init__(self, put: Callable[[Event], None]) -> None:
        self._put = put

    def press(self, button: Button) -> None:
        """Push a button down."""
        self._put(ButtonPressed(button))

    def release(self, button: Button) -> None:
        """Release a button."""
        self._put(ButtonReleased(button))

    def tap(self, button: Button) -> None:
        """Press and release a button."""
        self.press(button)
        self.release(button)


class SimulatedDrives:
    """Removable drives that are folders of this computer."""

    def __init__(self) -> None:
        self._drives: dict[str, Drive] = {}

    def insert(self, name: str, path: Path, *, free_bytes: int = 1 << 30, read_only: bool = False) -> None:
        """Simulate that somebody plugs in a drive, with its files in the folder `path`."""
        self._drives[name] = Drive(name, path, free_bytes, read_only, "vfat")

    def pull(self, name: str) -> None:
        """Simulate that somebody pulls a drive out."""
        del self._drives[name]

    def present(self) -> tuple[Drive, ...]:
        """The drives that are plugged in, sorted by path."""
        return tuple(sorted(self._drives.values(), key=lambda drive: str(drive.path)))

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """Return an empty tuple: simulated drives are always mounted."""
        return ()

    def release(self, drive: Drive) -> Text:
        """Do nothing: a folder can always be removed."""
        return ""

    def hurry(self) -> None:
        """Do nothing: no call waits."""
