"""A small picture for the screen, identified by its key."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Picture:
    """Pixels with a key. Two pictures with the same key are equal, because the pixels of a key never change.

    Attributes:
        key: Unique for the life of the program; surfaces are cached under it.
        pixels: RGB, uint8, shape (H, W, 3), read-only.
        kept: False if the picture itself was not kept and the pixels only stand for it.
    """

    key: Hashable
    pixels: NDArray[np.uint8] = field(compare=False, repr=False)
    kept: bool = True

    def as_seen(self, *, mirror: bool) -> Picture:
        """Return it as the visitor sees the camera's picture: mirrored, if that is."""
        return Picture(("mirrored", self.key), self.pixels[:, ::-1], self.kept) if mirror else self
