"""What does not hold at the start falls back to its default, and staff are told; what a person typed does not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from app.base.i18n import Text

logger = logging.getLogger(__name__)


class Fallbacks:
    """Decides whether the kiosk starts with a default in place of something that does not work.

    Args:
        announce: Receives one text for each default that is used.
        typed: Names of settings that were given on the command line: errors in them end the program, because the person
            who typed them is there.
        strict: Every error ends the program.
    """

    def __init__(self, announce: Callable[[Text], None], *, typed: Collection[str] = (), strict: bool = False) -> None:
        self._announce = announce
        self._typed = frozenset(typed)
        self._strict = strict

    def use_default(self, setting: str, error: Exception) -> None:
        """Report an error; the caller then uses the default.

        Args:
            setting: The name of the setting, such as "camera.source".
            error: What does not work.

        Raises:
            Exception: The error, if the program should end.
        """
        if self._strict or setting in self._typed:
            raise error
        logger.warning("%s: %s The default is used.", setting, error)
        self._announce(f"{setting}: {error}")
