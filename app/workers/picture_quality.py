"""Pictures that arrive but cannot teach anything: black ones, as with a covered lens, and those that became tiny."""

from __future__ import annotations

import numpy as np

from app.base.i18n import Message, message
from app.base.ports import ImageArray

DARK_MEAN, DARK_SPREAD = 20.0, 10.0  # of 255: a covered sensor shows its noise
SMALLEST_PX = 96  # of the shorter edge; the model looks at squares of more than that
SHRUNK = 0.5  # of the shorter edge before; some cameras choose another size by themselves, but not a much smaller one
UNTIL_SAID_S = 1.5  # a hand that passes, or a camera that adapts to the light, takes less
STEP_PX = 8

DARK = message("The picture is black. Is something in front of the camera?")


class PictureQuality:
    """Says what is wrong with the pictures once it has been wrong for UNTIL_SAID_S, and None once it is right again.

    Args:
        one_size: Whether pictures that become much smaller than those before are a fault.
    """

    def __init__(self, *, one_size: bool = True) -> None:
        self._one_size = one_size
        self._largest_px = 0  # of the shorter edges so far
        self._problem: Message | None = None
        self._since_s = 0.0

    def problem(self, image: ImageArray, now_s: float) -> Message | None:
        """Take the next picture, (H, W, 3); return the problem that lasts, or None.

        Args:
            image: The picture, RGB.
            now_s: When it was taken, in monotonic seconds.
        """
        edge_px = min(image.shape[:2])
        self._largest_px = max(self._largest_px, edge_px)
        smallest_px = max(SMALLEST_PX, SHRUNK * self._largest_px if self._one_size else 0)
        problem = _problem(image, smallest_px)
        if problem != self._problem:
            self._problem, self._since_s = problem, now_s
        return problem if now_s - self._since_s >= UNTIL_SAID_S else None


def _problem(image: ImageArray, smallest_px: float) -> Message | None:
    height, width = image.shape[:2]
    if min(height, width) < smallest_px:
        return message("The camera's picture is very small: {width} × {height}.", width=width, height=height)
    sampled = image[::STEP_PX, ::STEP_PX]
    return DARK if float(sampled.mean()) < DARK_MEAN and float(np.std(sampled)) < DARK_SPREAD else None
