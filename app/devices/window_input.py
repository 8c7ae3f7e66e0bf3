"""What every device has in common whose presses reach the program as events of the window."""

from __future__ import annotations

from typing import Any, Protocol

from app.core.events import Event


class WindowInput(Protocol):
    """Buttons that reach the program through window events: keys, pads, mouse, touch."""

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn one pygame event into kiosk events; empty when it means nothing here."""

    def release_all(self) -> tuple[Event, ...]:
        """Events that let go of everything held, for when the window loses the input focus."""
