"""Families of things that vary as kinds do: varieties of a package, cups of one shape in other colours.

A member of a family is a thing of its own, which the network must tell from its relatives. Other families are shown as
a whole: every view is another member, and the network must see what they share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pretraining.things import Side, Thing

LIVING = 8  # families of one maker that still get members
MEMBERS = 6  # of a family, on average


class Family(Protocol):
    """A kind of thing."""

    def member(self, rng: np.random.Generator) -> Thing:
        """Make another thing of this kind."""


FamilyMaker = Callable[[np.random.Generator], Family]


@dataclass(frozen=True)
class Member:
    """One thing of a family."""

    family: Family
    thing: Thing

    def rest(self) -> Side:
        """See `Thing`."""
        return self.thing.rest()

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self.thing.seen(rng)


@dataclass(frozen=True)
class AnyMember:
    """A family as one thing; every view shows another member."""

    family: Family
    seed: int

    def rest(self) -> Side:
        """See `Thing`."""
        return self.family.member(np.random.default_rng(self.seed)).rest()

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self.family.member(rng).seen(rng)


class Relatives:
    """Makes members of a few families, and now and then a new family.

    Args:
        found: Makes a family.
        whole: Share of things that are a family as a whole; no other thing is of that family.
    """

    def __init__(self, found: FamilyMaker, whole: float) -> None:
        self._found, self._whole = found, whole
        self._living: deque[Family] = deque(maxlen=LIVING)

    def __call__(self, rng: np.random.Generator) -> Member | AnyMember:
        """Make a thing."""
        if rng.random() < self._whole:
            return AnyMember(self._found(rng), int(rng.integers(2**32)))
        if len(self._living) < LIVING or rng.random() < 1 / MEMBERS:
            self._living.append(self._found(rng))
            family = self._living[-1]
        else:
            family = self._living[int(rng.integers(LIVING))]
        return Member(family, family.member(rng))
