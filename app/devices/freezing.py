"""Notice that a camera has stopped although it goes on delivering: it repeats one picture."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.i18n import Text, message
from app.base.ports import Clock

FROZEN_S = 2.5
STEP_PX = 4  # every fourth pixel of every fourth row is compared

_ALIVE: set[str] = set()
"""Cameras whose picture has changed since the start, so none of them is a test picture that stands still."""

_FROZEN: set[str] = set()
"""Cameras whose picture froze and has not changed since."""


class FreezeWatch:
    """Compares each picture of a live camera with the one before. The noise of a sensor makes all of them differ.

    Args:
        clock: Monotonic seconds.
        may_be_still: The source may be a test picture that never changes: it counts as frozen only after a change.
    """

    def __init__(self, clock: Clock, *, may_be_still: bool = False) -> None:
        self._clock = clock
        self._checksum: int | None = None
        self._changed_at_s = clock()
        self.alive = not may_be_still
        """Whether a picture that stays the same means that the camera is frozen."""
        self.changes = False
        """Whether two pictures differed."""

    def sees_frozen(self, image: NDArray[np.generic]) -> bool:
        """Take the next picture, (H, W, ...); return whether it has been the same for FROZEN_S."""
        checksum = zlib.crc32(np.ascontiguousarray(image[::STEP_PX, ::STEP_PX]).tobytes())
        if checksum != self._checksum:
            self.changes = self._checksum is not None
            self.alive = self.alive or self.changes
            self._checksum, self._changed_at_s = checksum, self._clock()
        return self.alive and self._clock() - self._changed_at_s >= FROZEN_S


class FreezeGuard:
    """Refuses the pictures of a camera that is frozen, and remembers by its name while the program runs.

    Args:
        source: The camera's name, without a password.
        clock: Monotonic seconds.
        may_be_still: As for `FreezeWatch`, until its picture has changed once.
        step: What to do about it.
    """

    def __init__(self, source: str, clock: Clock, step: Text, *, may_be_still: bool = False) -> None:
        self._source = source
        self._step = step
        self._watch = FreezeWatch(clock, may_be_still=may_be_still and source not in _ALIVE)

    @property
    def was_frozen(self) -> bool:
        """Whether the camera froze, and its picture has not changed since."""
        return self._source in _FROZEN

    def check(self, image: NDArray[np.generic]) -> None:
        """Take the next picture, (H, W, ...).

        Raises:
            CameraUnavailable: If the camera repeats one picture.
        """
        if self._watch.sees_frozen(image):
            _FROZEN.add(self._source)
            raise CameraUnavailable(
                self._source, message("its picture is frozen. {step}", step=self._step), CameraCause.FROZEN
            )
        if self._watch.changes:
            _ALIVE.add(self._source)
            _FROZEN.discard(self._source)
