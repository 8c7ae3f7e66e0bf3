"""The protocol of input devices that report through the window: keys, pads, mouse and touch."""

from __future__ import annotations

from typing import Any, Protocol

from app.core.events import Event


class WindowInput(Protocol):
    """An input device whose events arrive with those of the window."""

    def translate(self, window_event: Any) -> tuple[Event, ...]:
        """Turn one pygame event into kiosk events; empty if it is not about this device."""

    def release_all(self) -> tuple[Event, ...]:
        """Release everything that is held; needed when the window loses the input focus."""
