"""Pictures of rendered things for the attract screen, and for training the model of a new extractor."""

from __future__ import annotations

from collections.abc import Callable

from app.base.picture import Picture
from app.base.ports import ImageArray
from app.demo.camera import DemonstrationCamera
from app.demo.rendered_things import KINDS

SIZE_PX = (480, 360)
PICTURES = 30  # different ones of each thing
RATE_HZ = 10.0


class AttractStage:
    """The pictures that the attract screen shows. Each is rendered when it is first needed, then kept.

    Attributes:
        kinds: The kinds of things that there are pictures of.
    """

    kinds: tuple[str, ...] = tuple(KINDS)

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, int], Picture] = {}
        self._now_s = 0.0
        self._camera: DemonstrationCamera | None = None

    def picture(self, kind: str, number: int) -> Picture:
        """Picture `number` of a thing that sways to and fro; the same arguments return the same picture."""
        place = number % (2 * PICTURES)
        place = place if place < PICTURES else 2 * PICTURES - 1 - place
        found = self._pictures.get((kind, place))
        if found is None:
            found = self._pictures[kind, place] = Picture(("stage", kind, place), self._rendered(kind, place))
        return found

    def _rendered(self, kind: str, place: int) -> ImageArray:
        if self._camera is None:
            self._camera = DemonstrationCamera(size_px=SIZE_PX, clock=lambda: self._now_s, sleep=lambda _seconds: None)
        self._now_s = place / RATE_HZ
        self._camera.show(kind)
        image = self._camera.read()
        image.flags.writeable = False
        return image


def random_views() -> Callable[[str, int], ImageArray]:
    """Return a function that renders a new random view of a thing at each call, as training pictures."""
    camera = DemonstrationCamera(seed=1, sleep=lambda _seconds: None)

    def random_view(kind: str, _number: int) -> ImageArray:
        camera.show(kind)
        camera.new_view()
        return camera.read()

    return random_view
