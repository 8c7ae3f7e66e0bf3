"""Simulated devices: real back ends with the real rules, and verbs for the world's side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.base.buttons import Button
from app.base.errors import CameraUnavailable
from app.base.i18n import Text, message
from app.base.ports import DEMONSTRATION, Clock, Drive, ImageArray, UnmountedDrive
from app.core.events import ButtonPressed, ButtonReleased, Event
from app.demo.things import KINDS, SIZE_PX, Thing, build

BY_ITSELF_S = 4.0
NOISE_MARGIN_PX = 64


@dataclass(frozen=True)
class _View:
    """How the thing lies: centre in shares of the picture, angle in radians, size in shares, light's direction."""

    x: float
    y: float
    angle: float
    size: float
    light: float
    brightness: float


class DemonstrationCamera:
    """Things on a wooden table, rendered: moving, turning, in changing light.

    Args:
        seed: Decides the views and the noise.
        size_px: Width and height of the picture.
        frames_per_second: Pace of `read`.
        clock, sleep: Of the world; tests bring their own.
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
        self._things: dict[str, Thing] = {}
        self._table = _table(size_px, np.random.default_rng(seed + 1))
        self._brighter, self._darker = _noise(size_px, np.random.default_rng(seed + 2))
        self._started_s = self._next_s = clock()
        self._guided = False
        self._shown: str | None = self.kinds[0]
        self._view = self._random_view()
        self._plugged = True

    @property
    def shown(self) -> str | None:
        """What lies on the table."""
        return self._shown

    def show(self, kind: str | None) -> None:
        """Put a thing on the table, or clear it. From now on it changes only when told to."""
        if kind is not None and kind not in KINDS:
            raise ValueError(f"there is no {kind!r} on this table. Choose one of: {', '.join(self.kinds)}.")
        with self._lock:
            self._guided, self._shown = True, kind

    def new_view(self) -> None:
        """Move, turn and light the thing differently."""
        with self._lock:
            self._view = self._random_view()

    def unplug(self) -> None:
        """Pull the cable."""
        self._plugged = False

    def plug_in(self) -> None:
        """Plug it in again."""
        self._plugged = True

    def read(self) -> ImageArray:
        """Wait for the next picture."""
        if not self._plugged:
            raise CameraUnavailable(self.name, message("it was unplugged. Plug it in again."))
        now_s = self._clock()
        if self._next_s > now_s:
            self._sleep(self._next_s - now_s)
        self._next_s = max(self._next_s, now_s) + self._period_s
        with self._lock:
            passed_s = self._clock() - self._started_s
            if not self._guided:
                self._shown = self.kinds[int(passed_s / BY_ITSELF_S) % len(self.kinds)]
            view, kind = _swayed(self._view, passed_s), self._shown
        return self._render(kind, view)

    def close(self) -> None:
        """Nothing is held open; it can be read again."""

    def _random_view(self) -> _View:
        rng = self._rng
        return _View(
            x=float(rng.uniform(0.42, 0.58)),
            y=float(rng.uniform(0.44, 0.56)),
            angle=float(rng.normal(0, 0.4)),
            size=float(rng.uniform(0.5, 0.8)),
            light=float(rng.uniform(0, 2 * np.pi)),
            brightness=float(rng.uniform(0.85, 1.15)),
        )

    def _render(self, kind: str | None, view: _View) -> ImageArray:
        picture = self._table.copy()
        if kind is not None:
            if kind not in self._things:
                self._things[kind] = build(kind)
            _lay_down(picture, self._things[kind], view)
        top, left = (int(self._rng.integers(NOISE_MARGIN_PX)) for _ in range(2))
        here = np.s_[top : top + self._size[1], left : left + self._size[0]]
        cv2.convertScaleAbs(picture, picture, alpha=view.brightness)
        cv2.add(picture, self._brighter[here], picture)
        cv2.subtract(picture, self._darker[here], picture)
        return picture


class SimulatedClock:
    """The clock of a world in which time can be skipped. Seconds only grow."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._skipped_s = 0.0

    def __call__(self) -> float:
        """Monotonic seconds."""
        return self._clock() + self._skipped_s

    def skip(self, seconds: float) -> None:
        """Let time pass in which nothing happens."""
        self._skipped_s += seconds


class SimulatedPanel:
    """Buttons without a box: presses go where a real panel's go."""

    def __init__(self, put: Callable[[Event], None]) -> None:
        self._put = put

    def press(self, button: Button) -> None:
        """Push a button down."""
        self._put(ButtonPressed(button))

    def release(self, button: Button) -> None:
        """Let it go."""
        self._put(ButtonReleased(button))

    def tap(self, button: Button) -> None:
        """Press and let go."""
        self.press(button)
        self.release(button)


class SimulatedDrives:
    """Folders that play removable drives."""

    def __init__(self) -> None:
        self._drives: dict[str, Drive] = {}
        self._busy: set[str] = set()

    def insert(self, name: str, path: Path, *, free_bytes: int = 1 << 30, read_only: bool = False) -> None:
        """Plug a drive in."""
        self._drives[name] = Drive(name, path, free_bytes, read_only, "vfat", total_bytes=1 << 31)

    def pull(self, name: str) -> None:
        """Pull it out."""
        del self._drives[name]

    def use_elsewhere(self, name: str) -> None:
        """Let another program hold a file of the drive open."""
        self._busy.add(name)

    def present(self) -> tuple[Drive, ...]:
        """Those that are in."""
        return tuple(sorted(self._drives.values(), key=lambda drive: str(drive.path)))

    def unmounted(self) -> tuple[UnmountedDrive, ...]:
        """None: these are always mounted."""
        return ()

    def release(self, drive: Drive) -> Text:
        """Unmount it, unless another program uses it."""
        if drive.name in self._busy:
            return message(
                "Another program uses the drive {drive}: close it before you pull the drive out.", drive=drive.name
            )
        return ""

    def hurry(self) -> None:
        """Nothing here is ever waited for."""


def _swayed(view: _View, now_s: float) -> _View:
    """Nothing in a hand is ever still."""
    return replace(
        view,
        x=view.x + 0.012 * np.sin(1.3 * now_s),
        y=view.y + 0.01 * np.sin(1.7 * now_s + 1),
        angle=view.angle + 0.05 * np.sin(0.9 * now_s),
        light=view.light + 0.3 * now_s,
    )


def _lay_down(picture: ImageArray, thing: Thing, view: _View) -> None:
    """Blend the lit thing and its shadow into the picture, within its own rectangle only."""
    height, width = picture.shape[:2]
    scale = view.size * height / SIZE_PX
    cos, sin = scale * np.cos(view.angle), scale * np.sin(view.angle)
    middle = SIZE_PX / 2
    x, y = view.x * width, view.y * height
    matrix = np.array([[cos, -sin, x - cos * middle + sin * middle], [sin, cos, y - sin * middle - cos * middle]])
    reach = int(scale * SIZE_PX * 0.75) + 12
    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
    right, bottom = min(width, int(x) + reach), min(height, int(y) + reach)
    matrix[:, 2] -= (left, top)
    size = (right - left, bottom - top)
    seen = cv2.warpAffine(_lit(thing, view), matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(thing.mask, matrix, size, flags=cv2.INTER_LINEAR)
    shadow = _shadow(thing, matrix, view.light, size)
    area = picture[top:bottom, left:right]
    cv2.blendLinear(area, np.zeros_like(seen), 1 - shadow, shadow, area)
    cv2.blendLinear(seen, area, mask, 1 - mask, area)


def _shadow(thing: Thing, matrix: NDArray[np.float64], light: float, size: tuple[int, int]) -> NDArray[np.float32]:
    """How much of the light the thing keeps from the table, 0..1: soft, so a quarter of the size will do."""
    shift = matrix.copy()
    shift[:, 2] += (-10 * np.cos(light), 8 - 8 * np.sin(light))
    small = (max(1, size[0] // 4), max(1, size[1] // 4))
    quarter = cv2.warpAffine(thing.mask, shift / 4, small, flags=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(quarter, (0, 0), 3.0), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(0.5 * soft, np.float32)


def _lit(thing: Thing, view: _View) -> ImageArray:
    """Lambert plus a highlight (Blinn, 1977); the light goes round, the thing's own turn taken off."""
    angle = view.light - view.angle
    direction = np.array([0.55 * np.cos(angle), 0.55 * np.sin(angle), 0.83], np.float32)
    facing = np.clip(cv2.transform(thing.normals, direction[np.newaxis]), 0, 1)
    eighth = np.square(np.square(np.square(facing)))
    gain, highlight = 255 * (0.4 + 0.65 * facing), thing.gloss * 150 * eighth * np.square(eighth)
    shaded = cv2.multiply(thing.albedo, cv2.merge([gain] * 3))
    return np.asarray(cv2.add(shaded, cv2.merge([highlight] * 3), dtype=cv2.CV_8U), np.uint8)


def _table(size_px: tuple[int, int], rng: np.random.Generator) -> ImageArray:
    """Planks of pale wood with grain along them, darker towards the corners."""
    height = size_px[1]
    grain = cv2.resize(rng.normal(0, 1, (height, 12)).astype(np.float32), size_px, interpolation=cv2.INTER_CUBIC)
    rings = np.sin(np.linspace(0, 60, height)[:, np.newaxis] + 2.5 * cv2.GaussianBlur(grain, (0, 0), 9))
    tone = 0.5 + 0.12 * rings + 0.05 * grain
    plank = np.arange(height) * 4 // height
    tone += rng.uniform(-0.12, 0.12, 4)[plank][:, np.newaxis]
    dark, pale = np.array([150, 112, 78]), np.array([206, 172, 130])
    wood = dark + (pale - dark) * np.clip(tone, 0, 1)[..., np.newaxis]
    seam = np.flatnonzero(np.diff(plank))
    wood[seam] *= 0.6
    wood[seam + 1] *= 0.8
    planks = cv2.GaussianBlur(wood.astype(np.float32), (0, 0), 0.8) * _vignette(size_px)
    return np.asarray(np.clip(np.rint(planks), 0, 255), np.uint8)


def _vignette(size_px: tuple[int, int]) -> NDArray[np.float32]:
    x = np.linspace(-1, 1, size_px[0], dtype=np.float32)[np.newaxis]
    y = np.linspace(-1, 1, size_px[1], dtype=np.float32)[:, np.newaxis]
    return np.asarray(1 - 0.18 * (x**2 + y**2), np.float32)[..., np.newaxis]


def _noise(size_px: tuple[int, int], rng: np.random.Generator) -> tuple[ImageArray, ImageArray]:
    """What a sensor adds and what it takes away, larger than the picture: every frame cuts its own piece."""
    shape = (size_px[1] + NOISE_MARGIN_PX, size_px[0] + NOISE_MARGIN_PX, 1)
    grain = np.clip(np.rint(rng.normal(0, 2.0, shape)), -8, 8).repeat(3, axis=2)
    return np.maximum(grain, 0).astype(np.uint8), np.maximum(-grain, 0).astype(np.uint8)
