"""The state of the scan: a highlight that moves over what can be pressed, so that one switch is enough."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from app.base.buttons import Button


@dataclass(frozen=True)
class Scan:
    """Where the highlight is, and what the switch does.

    Attributes:
        groups: What can be pressed on the screen, in the order of the highlight. A press on a group with several
            buttons lets the highlight move over these.
        group: The group over whose buttons the highlight moves; None while it moves over the groups.
        place: Index of the highlighted group, or of the highlighted button in `group`.
        running: The highlight moves; where `scan.start` is "press", the first press starts it.
        moves_at_s: When the highlight moves on, monotonic.
        rounds: How often it has passed all places since the last press.
        switch: The input or button that is down; None while none is.
        since_s: Since when it is down.
        acted: It has been down long enough to count.
        chosen: The button that it presses.
    """

    groups: tuple[tuple[Button, ...], ...] = ()
    group: int | None = None
    place: int = 0
    running: bool = False
    moves_at_s: float = 0.0
    rounds: int = 0
    switch: Hashable | None = None
    since_s: float = 0.0
    acted: bool = False
    chosen: Button | None = None

    @property
    def places(self) -> tuple[tuple[Button, ...], ...]:
        """What the highlight moves over: the groups, or the buttons of one group, each as a tuple."""
        if self.group is None:
            return self.groups
        return tuple((button,) for button in self.groups[self.group])

    @property
    def highlighted(self) -> tuple[Button, ...]:
        """The buttons that are highlighted now; empty while nothing is."""
        if self.chosen is not None:
            return (self.chosen,)
        places = self.places
        return places[self.place] if self.running and self.place < len(places) else ()
