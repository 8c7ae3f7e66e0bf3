"""Hands that show a sign, drawn from capsules. One thing is one sign, and every view is the hand of another person."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.textures import FloatImage, random_colour, random_texture
from pretraining.things import SIZE_PX, Mask, Side, pixel

FINGER_LENGTHS = (0.40, 0.46, 0.42, 0.33)  # index to little finger, of the picture's edge; an adult's
KNUCKLES = (-0.145, -0.05, 0.05, 0.14)  # sideways from the middle of the palm, as fractions of the picture's edge


SLEEVES = 0.4  # share of hands with a sleeve


@dataclass(frozen=True)
class Sleeve:
    """A sleeve: its cloth, RGB float32 (S, S, 3); where it ends between palm and wrist, 0..1; and its width."""

    cloth: FloatImage
    to: float
    wide: float


@dataclass(frozen=True)
class Sign:
    """Which fingers are up, and how they lie, without the build of a person's hand.

    Attributes:
        fingers: How far index … little finger are stretched, 0 (in the fist) to 1, float64 (4,).
        spread: Angle between neighbouring fingers, in radians.
        thumb: How far the thumb is stretched, 0..1, and its angle from the index finger, in radians.
        touching: The number of the finger whose tip meets the thumb's, or −1.
        colour: RGB of a glove or of a painted hand; None is skin, another on every look.
    """

    fingers: NDArray[np.float64]
    spread: float
    thumb: tuple[float, float]
    touching: int
    roll: float
    colour: FloatImage | None

    def rest(self) -> Side:
        """See `Thing`."""
        skin = np.array([0.8, 0.6, 0.48], np.float32) if self.colour is None else self.colour
        return self._drawn(np.zeros(16), skin, None)

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        person, skin = rng.normal(0, 1, 16), random_skin(rng) if self.colour is None else self.colour
        return self._drawn(person, skin, random_sleeve(rng) if rng.random() < SLEEVES else None)

    def _drawn(self, person: NDArray[np.float64], skin: FloatImage, sleeve: Sleeve | None) -> Side:
        """Draw the sign; `person` is sixteen standard normal numbers for the build of the hand."""
        edge = SIZE_PX
        fat = 1 + 0.13 * person[0]
        scale = edge * (1 + 0.05 * person[1])
        palm_middle = np.array([0.5, 0.66]) * edge
        palm_half = np.array([0.19 * (1 + 0.08 * person[2]), 0.17 * (1 + 0.08 * person[3])]) * scale
        canvas = _Canvas(skin)
        wrist = palm_middle + np.array([0.05 * person[4] * edge, 0.5 * edge])
        canvas.limb([palm_middle, wrist], 0.27 * scale * fat, 0.25 * scale * fat)
        if sleeve is not None:
            cuff = palm_middle + sleeve.to * (wrist - palm_middle)
            canvas.sleeve([cuff, wrist], sleeve.wide * scale * fat, sleeve.cloth)
        thumb_from = palm_middle + np.array([-0.85, 0.25]) * palm_half
        behind = self.thumb[0] < 0.25 and person[5] > 0.8
        if behind:
            self._thumb(canvas, thumb_from, palm_middle, scale, fat, person)
        corners = [[-0.95, -0.9], [0.9, -0.85], [1.0, 0.3], [0.6, 1.0], [-0.6, 1.0], [-1.0, 0.4]]
        canvas.palm(palm_middle + np.array(corners) * palm_half, 0.05 * scale)
        tips = []
        for number, (length, sideways) in enumerate(zip(FINGER_LENGTHS, KNUCKLES, strict=True)):
            base = palm_middle + np.array([sideways * scale * palm_half[0] / (0.19 * edge), -0.95 * palm_half[1]])
            angle = (number - 1.5) * (self.spread * (1 + 0.3 * person[6])) + 0.06 * person[7 + number]
            stretch = float(np.clip(self.fingers[number] + 0.07 * person[11 + number], 0, 1))
            upward = np.array([np.sin(angle), -np.cos(angle)])
            whole = length * scale * (1 + 0.04 * person[3 + number])
            width = 0.078 * scale * fat * (1 - 0.12 * (number == 3))
            if stretch > 0.75:
                tip = base + upward * whole * (0.85 + 0.15 * stretch)
                middle = base + upward * whole * 0.5 + 0.02 * scale * person[9] * np.array([upward[1], -upward[0]])
                canvas.limb([base - upward * 0.03 * scale, middle, tip], width, width * 0.8)
            else:  # bent towards the camera: a knuckle, then a piece that comes back down over the palm
                knuckle = base + upward * whole * (0.12 + 0.4 * stretch)
                tip = knuckle + np.array([0.1 * np.sin(angle), 1]) * whole * (0.42 - 0.2 * stretch)
                canvas.limb([base, knuckle], width, width)
                canvas.limb([knuckle, tip], width * 1.05, width * 0.95)
            tips.append(tip)
        if not behind:
            target = tips[self.touching] if self.touching >= 0 else None
            self._thumb(canvas, thumb_from, palm_middle, scale, fat, person, target)
        return canvas.side(self.roll)

    def _thumb(
        self,
        canvas: _Canvas,
        base: NDArray[np.float64],
        palm_middle: NDArray[np.float64],
        scale: float,
        fat: float,
        person: NDArray[np.float64],
        target: NDArray[np.float64] | None = None,
    ) -> None:
        stretch, angle = self.thumb[0], self.thumb[1] + 0.1 * person[15]
        out = base + np.array([-np.sin(angle), -np.cos(angle)]) * 0.32 * scale
        across = palm_middle + np.array([0.02, -0.06 + 0.03 * person[14]]) * scale
        tip = target if target is not None else across + (out - across) * stretch
        elbow = (base + tip) / 2 + np.array([-0.05, 0.0]) * scale
        canvas.limb([base, elbow, tip], 0.095 * scale * fat, 0.078 * scale * fat)


class _Canvas:
    """Draws limbs on top of each other, each rounded and with a dark seam where it lies on another."""

    def __init__(self, skin: FloatImage) -> None:
        self._skin = skin
        self._mask = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
        self._height = np.zeros((SIZE_PX, SIZE_PX), np.float32)
        self._shade = np.ones((SIZE_PX, SIZE_PX), np.float32)
        self._cloth: FloatImage | None = None
        self._covered = self._mask

    def limb(self, joints: list[NDArray[np.float64]], thick_px: float, thin_px: float) -> None:
        """Draw a chain of capsules from thick to thin."""
        piece = np.zeros_like(self._mask)
        for number in range(len(joints) - 1):
            share = number / max(len(joints) - 2, 1)
            width = thick_px + (thin_px - thick_px) * share
            cv2.line(piece, pixel(joints[number]), pixel(joints[number + 1]), 255, max(1, round(width)))
        self._lay(piece)

    def sleeve(self, joints: list[NDArray[np.float64]], wide_px: float, cloth: FloatImage) -> None:
        """Draw a limb with a cloth that covers what was drawn before."""
        piece = np.zeros_like(self._mask)
        cv2.line(piece, pixel(joints[0]), pixel(joints[1]), 255, max(1, round(wide_px)))
        self._lay(piece)
        self._cloth, self._covered = cv2.resize(cloth, piece.shape), piece

    def palm(self, corners: NDArray[np.float64], round_px: float) -> None:
        """Draw a polygon with round corners."""
        piece = np.zeros_like(self._mask)
        cv2.fillPoly(piece, [corners.astype(np.int32)], 255)
        cv2.polylines(piece, [corners.astype(np.int32)], True, 255, max(1, round(round_px)))
        self._lay(piece)

    def side(self, roll: float) -> Side:
        """What was drawn, turned by `roll` radians."""
        mask = cv2.GaussianBlur((self._mask / 255).astype(np.float32), (0, 0), 0.8)
        shade = cv2.GaussianBlur(self._shade, (0, 0), 0.7)
        shades = cv2.merge([cv2.pow(shade, 0.8), shade, cv2.pow(shade, 1.1)])
        albedo = np.clip(self._skin * shades, 0, 1)
        if self._cloth is not None:
            albedo = np.where(self._covered[..., None] > 0, self._cloth, albedo)
        middle = (SIZE_PX / 2, SIZE_PX / 2)
        turn = cv2.getRotationMatrix2D(middle, float(np.degrees(roll)), 0.92)
        size = (SIZE_PX, SIZE_PX)
        edge = cv2.BORDER_REPLICATE
        return Side(
            cv2.warpAffine(albedo.astype(np.float32), turn, size, borderMode=edge),
            cv2.warpAffine(mask, turn, size, borderMode=edge),
            cv2.warpAffine(self._height, turn, size, borderMode=edge),
            gloss=0.12,
        )

    def _lay(self, piece: Mask) -> None:
        left, top, width, height = cv2.boundingRect(piece)
        part = np.s_[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
        inside = piece[part] > 0
        distance = cv2.distanceTransform(piece[part], cv2.DIST_L2, 3)
        most = max(float(distance.max()), 1.0)
        round_ = np.sqrt(np.clip(1 - (1 - distance / most) ** 2, 0, 1)) * min(1.0, most / 14)
        under, shade = self._height[part], self._shade[part]
        under[inside] = (0.35 * under + round_)[inside]
        shade[inside] = 1.0
        shade[inside & (distance <= 1.5) & (self._mask[part] > 0)] = 0.62
        self._mask[part] |= piece[part]


def random_sign(rng: np.random.Generator) -> Sign:
    """Choose a random sign: each finger is up, half up or closed."""
    fingers = rng.choice([0.0, 0.5, 1.0], 4, p=[0.4, 0.15, 0.45])
    touching = int(rng.integers(0, 4)) if rng.random() < 0.25 else -1
    if touching >= 0:
        fingers[touching] = 0.45
    thumb = (float(rng.choice([0.0, 0.5, 1.0])), float(rng.uniform(0.2, 1.3)))
    roll = float(rng.normal(0, 0.15)) if rng.random() < 0.8 else float(rng.uniform(-np.pi, np.pi))
    colour = random_colour(rng) if rng.random() < 0.25 else None
    return Sign(fingers, float(rng.uniform(0.02, 0.26)), thumb, touching, roll, colour)


def random_sleeve(rng: np.random.Generator) -> Sleeve:
    """A sleeve in any cloth; it ends anywhere between the wrist and the rim of the picture."""
    cloth = random_texture(32, rng) if rng.random() < 0.4 else np.full((32, 32, 3), random_colour(rng), np.float32)
    return Sleeve(cloth, float(rng.uniform(0.42, 0.66)), float(rng.uniform(0.27, 0.42)))


def random_skin(rng: np.random.Generator) -> FloatImage:
    """A random skin colour, RGB, from very dark to very light."""
    light = rng.uniform(0.2, 1.0)
    warm = rng.uniform(0.06, 0.34)
    return np.clip(np.array([light, light * (1 - warm), light * (1 - 1.7 * warm)]), 0, 1).astype(np.float32)
