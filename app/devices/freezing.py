"""Notice that a camera has stopped although it goes on delivering: it repeats one picture."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from app.base.ports import Clock

FROZEN_S = 2.5
STEP_PX = 4  # every fourth pixel of every fourth row is compared


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
