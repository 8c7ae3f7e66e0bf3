"""What waits to be said: few texts, the most important first, and none that is out of date."""

from __future__ import annotations

from app.views.model.spoken import Importance, Kind, Utterance

MOST_WAITING = 4
EXPIRES_S: dict[Importance, float] = {Importance.ACTION: 2.0}
EXPIRES_OTHERWISE_S = 15.0
REPLACES_ITSELF = (Kind.SCREEN, Kind.FOCUS, Kind.HELD, Kind.TYPED)
"""Kinds of which a newer text interrupts an older one: that one is out of date even while it is said."""


class UtteranceQueue:
    """Utterances that wait, in the order in which they should be said."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Utterance, float]] = []

    def add(self, utterance: Utterance, current: Utterance | None, now_s: float) -> bool:
        """Add an utterance.

        Args:
            utterance: What to say.
            current: What is being said, or None.
            now_s: Monotonic seconds.

        Returns:
            Whether it interrupts what is being said.
        """
        kept = [one for one in self._waiting if one[0].kind is not utterance.kind]
        if utterance.kind is Kind.SCREEN:  # what was said about the screen before is out of date
            kept = [one for one in kept if one[0].importance > utterance.importance]
        kept.append((utterance, now_s))
        kept.sort(key=lambda one: -one[0].importance)  # stable: of equal importance, the older first
        self._waiting = kept[:MOST_WAITING]
        if current is None:
            return False
        again = utterance.kind is current.kind and utterance.kind in REPLACES_ITSELF
        return again or utterance.importance > current.importance

    def take(self, now_s: float, *, answers: bool = True) -> Utterance | None:
        """Take out the next utterance; None if nothing waits.

        Args:
            now_s: Monotonic seconds; what has waited for too long is dropped.
            answers: Whether an answer of the model may be said now.
        """
        self._waiting = [
            (one, since_s)
            for one, since_s in self._waiting
            if now_s - since_s <= EXPIRES_S.get(one.importance, EXPIRES_OTHERWISE_S)
        ]
        for place, (one, _) in enumerate(self._waiting):
            if answers or one.kind is not Kind.VERDICT:
                del self._waiting[place]
                return one
        return None

    def clear(self) -> None:
        """Drop everything that waits."""
        self._waiting.clear()
