"""The demonstration camera: it shows things that are rendered on a table, for kiosks without a camera and for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from app.base.camera_faults import CameraCause
from app.base.errors import CameraUnavailable
from app.base.i18n import message
from app.base.ports import DEMONSTRATION, Clock, ImageArray
from app.demo.rendered_things import KINDS, rendered_thing
from app.demo.table import NOISE_MARGIN_PX, View, checked_cloth, lay_down, sensor_noise, swayed, wooden_table

CHANGE_EVERY_S = 4.0
KEPT = 4  # seeds and sizes whose tables and noise are kept: a kiosk has three such cameras


class DemonstrationCamera:
    """A camera above a wooden table with one thing on it, which moves and turns in changing light.

    Until `show` is called, it shows one thing after another. Methods may be called from any thread.

    Args:
        seed: Decides the views and the noise.
        size_px: Width and height of the picture.
        frames_per_second: How often `read` returns.
        clock, sleep: Monotonic seconds, and what waits on them; tests pass their own.

    Attributes:
        name: DEMONSTRATION.
        kinds: The kinds of things that `show` accepts.
    """

    kinds: tuple[str, ...] = tuple(KINDS)

    def __init__(
        self,
        *,
        seed: int = 0,
        size_px: tuple[int, int] = (640, 480),
        frames_per_second: float = 30.0,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = DEMONSTRATION
        self._rng = np.random.default_rng(seed)
        self._size = size_px
        self._period_s = 1 / frames_per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._tables = _tables(size_px, seed)
        self._table, self._size_share = self._tables["wood"], 1.0
        self._brighter, self._darker = _noise(size_px, seed)
        self._started_s = self._next_s = clock()
        self._held: Callable[[], bool] = lambda: False
        self._held_s = 0.0  # how long it was held: meanwhile nothing takes turns
        self._read_s = self._started_s
        self._guided = False
        self._shown: str | None = self.kinds[0]
        self._view = self._random_view()
        self._plugged = True

    def show(self, kind: str | None) -> None:
        """Put a thing on the table, or clear the table. From now on only calls of `show` change it.

        Raises:
            ValueError: If there is no such kind.
        """
        if kind is not None and kind not in KINDS:
            raise ValueError(f"the demonstration has no {kind!r}. Choose one of: {', '.join(self.kinds)}.")
        with self._lock:
            self._guided, self._shown = True, kind

    def lay(self, background: str, *, size: float = 1.0) -> None:
        """Lay a cloth on the table, or take it away.

        Args:
            background: "wood" or "cloth".
            size: How large things are from now on; 1 is as usual.

        Raises:
            ValueError: If there is no such background.
        """
        if background not in self._tables:
            raise ValueError(f"the demonstration has no {background!r}. Choose one of: {', '.join(self._tables)}.")
        with self._lock:
            self._table, self._size_share = self._tables[background], size

    def stay_while(self, held: Callable[[], bool]) -> None:
        """Keep the thing on the table while `held` returns True, as a visitor does who holds a button."""
        self._held = held

    @property
    def shown(self) -> str | None:
        """The kind of the thing on the table."""
        return self._shown

    def new_view(self) -> None:
        """Move, turn and light the thing differently."""
        with self._lock:
            self._view = self._random_view()

    def unplug(self) -> None:
        """Simulate that somebody pulls the cable: `read` fails until `plug_in`."""
        self._plugged = False

    def plug_in(self) -> None:
        """Simulate that somebody plugs the cable in again."""
        self._plugged = True

    def read(self) -> ImageArray:
        """Wait for the next picture: RGB, uint8, shape (H, W, 3).

        Raises:
            CameraUnavailable: If the camera is unplugged.
        """
        self.skip()
        with self._lock:
            passed_s = self._clock() - self._started_s
            if self._held():
                self._held_s += self._clock() - self._read_s
            self._read_s = self._clock()
            if not self._guided:
                turn = int((passed_s - self._held_s) / CHANGE_EVERY_S)
                self._shown = self.kinds[turn % len(self.kinds)]
            view, kind, table = swayed(self._view, passed_s), self._shown, self._table
            view = replace(view, size=view.size * self._size_share)
        return self._render(kind, view, table)

    def skip(self) -> None:
        """Wait for the next picture, and do not render it.

        Raises:
            CameraUnavailable: If the camera is unplugged.
        """
        if not self._plugged:
            raise CameraUnavailable(
                self.name, message("it was unplugged. Plug it in again."), CameraCause.NOT_CONNECTED
            )
        now_s = self._clock()
        if self._next_s > now_s:
            self._sleep(self._next_s - now_s)
        self._next_s = max(self._next_s, now_s) + self._period_s

    def close(self) -> None:
        """Do nothing: the camera can be read again."""

    def _random_view(self) -> View:
        rng = self._rng
        return View(
            x=float(rng.uniform(0.42, 0.58)),
            y=float(rng.uniform(0.44, 0.56)),
            angle=float(rng.normal(0, 0.4)),
            size=float(rng.uniform(0.5, 0.8)),
            light=float(rng.uniform(0, 2 * np.pi)),
            brightness=float(rng.uniform(0.85, 1.15)),
        )

    def _render(self, kind: str | None, view: View, table: ImageArray) -> ImageArray:
        picture = table.copy()
        if kind is not None:
            lay_down(picture, rendered_thing(kind), view)
        top, left = (int(self._rng.integers(NOISE_MARGIN_PX)) for _ in range(2))
        here = np.s_[top : top + self._size[1], left : left + self._size[0]]
        cv2.convertScaleAbs(picture, picture, alpha=view.brightness)
        cv2.add(picture, self._brighter[here], picture)
        cv2.subtract(picture, self._darker[here], picture)
        return picture


@lru_cache(maxsize=KEPT)
def _tables(size_px: tuple[int, int], seed: int) -> dict[str, ImageArray]:
    """The pictures of the tables by the names of their backgrounds. Read-only: cameras with this seed share them."""
    wood = wooden_table(size_px, np.random.default_rng(seed + 1))
    cloth = checked_cloth(size_px, np.random.default_rng(seed + 3))
    for picture in (wood, cloth):
        picture.flags.writeable = False
    return {"wood": wood, "cloth": cloth}


@lru_cache(maxsize=KEPT)
def _noise(size_px: tuple[int, int], seed: int) -> tuple[ImageArray, ImageArray]:
    """The noise of the sensor, see `sensor_noise`. Read-only: cameras with this seed share it."""
    noise = sensor_noise(size_px, np.random.default_rng(seed + 2))
    for part in noise:
        part.flags.writeable = False
    return noise
