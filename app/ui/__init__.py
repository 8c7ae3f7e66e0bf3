"""The screen, sounds and speech of the kiosk: frozen views in, pixels and sound out.

Nothing is decided here. Of our own packages it imports only `views.model` and `base`.
"""

from __future__ import annotations

import sys
from typing import cast

_WASTED = "pkg_resources"  # pygame loads it only to find its own icon; that takes longer than loading pygame

if _WASTED in sys.modules:
    import pygame
else:
    modules = cast("dict[str, object]", sys.modules)
    modules[_WASTED] = None  # pygame then finds its icon without it
    import pygame

    del modules[_WASTED]

__all__ = ["pygame"]
