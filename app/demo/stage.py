"""Pictures of the visit that plays by itself: rendered things, each picture drawn once and kept."""

from __future__ import annotations

from collections.abc import Callable

from app.base.picture import Picture
from app.base.ports import ImageArray
from app.demo.simulated import DemonstrationCamera
from app.demo.things import KINDS

SIZE_PX = (480, 360)
PICTURES = 30  # of each thing, then over again
RATE_HZ = 15.0


class Stage:
    """A table of its own. The same kind and number give the same picture; none is rendered before it is asked for."""

    kinds: tuple[str, ...] = tuple(KINDS)

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, int], Picture] = {}
        self._now_s = 0.0
        self._table: DemonstrationCamera | None = None

    def picture(self, kind: str, number: int) -> Picture:
        """A picture of a thing that turns to and fro."""
        place = number % (2 * PICTURES)
        place = place if place < PICTURES else 2 * PICTURES - 1 - place
        found = self._pictures.get((kind, place))
        if found is None:
            found = self._pictures[kind, place] = Picture(("stage", kind, place), self._rendered(kind, place))
        return found

    def _rendered(self, kind: str, place: int) -> ImageArray:
        if self._table is None:
            self._table = DemonstrationCamera(size_px=SIZE_PX, clock=lambda: self._now_s, sleep=lambda _seconds: None)
        self._now_s = place / RATE_HZ
        self._table.show(kind)
        image = self._table.read()
        image.flags.writeable = False
        return image


def views() -> Callable[[str, int], ImageArray]:
    """What renders another view of a thing each time, as it lies by chance: for a model to learn from."""
    table = DemonstrationCamera(seed=1, sleep=lambda _seconds: None)

    def view(kind: str, _number: int) -> ImageArray:
        table.show(kind)
        table.new_view()
        return table.read()

    return view
