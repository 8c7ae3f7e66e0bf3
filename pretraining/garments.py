"""Clothes and bags, laid flat or hung up. A family is one cut; its members differ in cloth, print and trim.

Every view has other folds, and sleeves and legs that lie differently.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.lettering import random_alphabet, random_word
from pretraining.textures import FloatImage, random_colour, random_texture
from pretraining.things import SIZE_PX, Side, contour, domed, filled

Polygon = list[tuple[float, float]]
MOVES = 6  # random numbers that move the parts of a garment
FORMS = ("shirt", "shirt", "coat", "dress", "trousers", "trousers", "skirt", "bag", "hat", "sock")


@dataclass(frozen=True)
class Shape:
    """Where a garment is: pieces of cloth, what is cut out of them, and seams; all in −1..1."""

    pieces: list[Polygon]
    holes: list[Polygon]
    seams: list[Polygon]


@dataclass(frozen=True)
class Garment:
    """A garment.

    Attributes:
        form: One of FORMS.
        cut: The lengths and widths of its parts, uniform in 0..1, float64 (8,).
        cloth: RGB float32 (SIZE_PX, SIZE_PX, 3).
        trim: RGB of its seams.
        folds: Depth of its folds.
    """

    form: str
    cut: NDArray[np.float64]
    cloth: FloatImage
    trim: FloatImage
    folds: float
    gloss: float

    def rest(self) -> Side:
        """See `Thing`."""
        return self._laid(np.zeros(MOVES), np.random.default_rng(0))

    def seen(self, rng: np.random.Generator) -> Side:
        """See `Thing`."""
        return self._laid(rng.normal(0, 1, MOVES), rng)

    def _laid(self, moves: NDArray[np.float64], rng: np.random.Generator) -> Side:
        shape = _SHAPES[self.form](self.cut, moves)
        canvas, seams = np.zeros((SIZE_PX, SIZE_PX), np.uint8), np.zeros((SIZE_PX, SIZE_PX), np.uint8)
        for piece in shape.pieces:
            cv2.fillPoly(canvas, [_pixels(piece)], 255, cv2.LINE_AA, 4)
        for hole in shape.holes:
            cv2.fillPoly(canvas, [_pixels(hole)], 0, cv2.LINE_AA, 4)
        cv2.polylines(seams, [_pixels(seam) for seam in shape.seams], False, 255, 2, cv2.LINE_AA, 4)
        mask = cv2.GaussianBlur((canvas / 255).astype(np.float32), (0, 0), 0.8)
        seam = (seams / 255).astype(np.float32)[..., None]
        albedo = self.cloth * (1 - seam) + self.trim * seam
        noise = rng.random((12, 12), np.float32)
        stretch = (int(rng.integers(5, 13)), int(rng.integers(3, 13)))
        folds = cv2.resize(noise[: stretch[0], : stretch[1]], (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_CUBIC)
        height = domed(mask, 0.25) * 0.5 + self.folds * folds
        return Side(albedo.astype(np.float32), mask, (height * mask).astype(np.float32), self.gloss)


@dataclass(frozen=True)
class Cut:
    """A family of garments."""

    form: str
    cut: NDArray[np.float64]
    folds: float

    def member(self, rng: np.random.Generator) -> Garment:
        """See `Family`."""
        cut = np.clip(self.cut + rng.normal(0, 0.06, len(self.cut)), 0, 1)
        gloss = float(rng.uniform(0, 0.5)) if rng.random() < 0.2 else 0.0
        trim = random_colour(rng)
        return Garment(self.form, cut, _cloth(rng), trim, self.folds, gloss)


def random_cut(rng: np.random.Generator) -> Cut:
    """Invent a cut."""
    return Cut(str(rng.choice(FORMS)), rng.random(8), float(rng.uniform(0.2, 1.2)))


def _cloth(rng: np.random.Generator) -> FloatImage:
    """One colour, faded as denim is, stripes or another pattern; a third of it has a print."""
    colour = random_colour(rng, saturation=float(rng.uniform(0, 0.25))) if rng.random() < 0.4 else random_colour(rng)
    cloth = np.broadcast_to(colour, (SIZE_PX, SIZE_PX, 3))
    kind = rng.random()
    if kind < 0.3:
        cloth = cloth * (1 - rng.uniform(0.1, 0.4) * random_texture(SIZE_PX, rng).mean(-1, keepdims=True))
    elif kind < 0.5:
        turned = np.arange(SIZE_PX)[:, None] if rng.random() < 0.6 else np.arange(SIZE_PX)[None]
        bands = np.sin(turned / rng.uniform(1.2, 7)) > rng.uniform(-0.7, 0.7)
        cloth = np.where(np.broadcast_to(bands, (SIZE_PX, SIZE_PX))[..., None], cloth, random_colour(rng))
    elif kind < 0.65:
        cloth = random_texture(SIZE_PX, rng)
    cloth = np.array(cloth, np.float32)
    if rng.random() < 0.35:
        mark = filled(contour(rng, rng.uniform(0.12, 0.3)) + np.array([0, rng.uniform(-0.3, 0.1)]))[..., None]
        cloth = cloth * (1 - mark) + random_texture(SIZE_PX, rng) * mark
    if rng.random() < 0.15:
        ink = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
        high = rng.uniform(8, 16)
        random_alphabet(rng).write(ink, random_word(rng, 3, 6), (40, rng.uniform(45, 70), 48, high), (255, 255, 255))
        share = (ink / 255).astype(np.float32)[..., None]
        cloth = cloth * (1 - share) + random_colour(rng) * share
    return np.clip(cloth, 0, 1).astype(np.float32)


def _pixels(polygon: Polygon) -> NDArray[np.int32]:
    return ((np.array(polygon) + 1) * SIZE_PX / 2 * 16).astype(np.int32)


def _mirrored(polygon: Polygon) -> Polygon:
    return [(-x, y) for x, y in polygon]


def _limb(x: float, y: float, angle: float, length: float, wide: float, narrow: float) -> Polygon:
    """A sleeve or a leg: a quadrilateral that starts at (x, y); angle 0 hangs down, positive angles lean outwards."""
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    start = np.array([x, y])
    end = start + length * along
    corners = (start - wide * across, start + wide * across, end + narrow * across, end - narrow * across)
    return [(float(corner[0]), float(corner[1])) for corner in corners]


def _shirt(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """Body, collar and sleeves of any length."""
    shoulder, hem, low = 0.3 + 0.14 * cut[0], 0.28 + 0.2 * cut[1], 0.2 + 0.65 * cut[2]
    neck, deep, top = 0.1 + 0.1 * cut[3], 0.05 + 0.3 * cut[4] ** 2, -0.7
    body = [
        (-neck, top),
        (neck, top),
        (shoulder, top + 0.1),
        (0.9 * hem, 0.0),
        (hem, low),
        (-hem, low),
        (-0.9 * hem, 0.0),
    ]
    body.append((-shoulder, top + 0.1))
    pieces, sleeve = [body], float(np.interp(cut[5], [0, 0.2, 0.25, 0.5, 0.55, 1], [0, 0, 0.25, 0.45, 0.75, 1.0]))
    seams = [[(-neck, top), (0.0, top + deep), (neck, top)], [(-hem, low), (hem, low)]]
    if sleeve > 0:
        for side, move in ((1, moves[0]), (-1, moves[1])):
            angle = 0.25 + 0.9 * cut[6] + 0.25 * move
            limb = _limb(shoulder - 0.06, top + 0.2, angle, sleeve, 0.14, 0.09 + 0.05 * cut[7])
            pieces.append(limb if side > 0 else _mirrored(limb))
            seams.append(pieces[-1][2:4])
    return Shape(pieces, [[(-neck, top - 0.1), (neck, top - 0.1), (neck, top), (0.0, top + deep), (-neck, top)]], seams)


def _coat(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """A shirt with long sleeves that opens in front."""
    long = cut.copy()
    long[5], long[2] = 0.8, 0.5 + 0.5 * cut[2]
    shirt = _shirt(long, moves)
    low = 0.2 + 0.65 * long[2]
    buttons = [[(0.05, float(y)), (0.07, float(y))] for y in np.linspace(-0.3, low - 0.1, 2 + int(5 * cut[5]))]
    pockets = [[(x, 0.2), (x + 0.2, 0.2)] for x in (-0.28, 0.08)] if cut[7] > 0.5 else []
    return Shape(shirt.pieces, shirt.holes, [*shirt.seams, [(0.0, -0.6), (0.0, low)], *buttons, *pockets])


def _dress(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """A narrow top and a wide skirt in one."""
    shirt = _shirt(cut, moves)
    waist, flare, low = 0.2 + 0.12 * cut[1], 0.3 + 0.5 * cut[7], 0.55 + 0.4 * cut[2]
    top = [(-0.3, -0.6), (0.3, -0.6), (waist, -0.1), (-waist, -0.1)]
    lean = 0.06 * moves[2]
    skirt = [(-waist, -0.12), (waist, -0.12), (flare + lean, low), (-flare + lean, low)]
    neck, deep = 0.12 + 0.12 * cut[3], 0.1 + 0.25 * cut[4]
    hole = [(-neck, -0.75), (neck, -0.75), (neck, -0.6), (0.0, -0.6 + deep), (-neck, -0.6)]
    seams = [[(-waist, -0.1), (waist, -0.1)], [(-flare + lean, low), (flare + lean, low)]]
    return Shape([top, skirt, *shirt.pieces[1:]], [hole], seams)


def _trousers(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """Waist and two legs, from shorts to wide long ones."""
    waist, crotch, low = 0.24 + 0.14 * cut[0], -0.4 + 0.25 * cut[1], -0.05 + 1.0 * cut[2]
    wide = waist * (0.5 + 0.1 * cut[3])
    pieces = [[(-waist, -0.85), (waist, -0.85), (waist + 0.06, crotch + 0.06), (-waist - 0.06, crotch + 0.06)]]
    for side, move in ((1, moves[0]), (-1, moves[1])):
        angle = 0.02 + 0.25 * cut[4] + 0.07 * move
        limb = _limb(wide, crotch - 0.1, angle, low - crotch + 0.1, wide + 0.05, 0.09 + 0.2 * cut[5])
        pieces.append(limb if side > 0 else _mirrored(limb))
    belt = [(-waist, -0.78), (waist, -0.78)]
    return Shape(pieces, [], [belt, [(0.0, -0.78), (0.0, crotch)], pieces[1][2:4], pieces[2][2:4]])


def _skirt(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """A waistband and a bell."""
    waist, flare, low = 0.2 + 0.2 * cut[0], 0.35 + 0.5 * cut[1], 0.1 + 0.7 * cut[2]
    lean = 0.06 * moves[0]
    middle = (waist + flare) / 2 * (0.85 + 0.4 * cut[3])
    left: Polygon = [(-waist, -0.6), (-middle, (low - 0.6) / 2), (-flare + lean, low)]
    right: Polygon = [(flare + lean, low), (middle, (low - 0.6) / 2), (waist, -0.6)]
    return Shape([left + right], [], [[(-waist, -0.5), (waist, -0.5)], [(-flare + lean, low), (flare + lean, low)]])


def _bag(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """A body with a flap and one or two handles."""
    wide, top, low, foot = 0.35 + 0.35 * cut[0], -0.5 + 0.5 * cut[1], 0.45 + 0.4 * cut[2], 0.7 + 0.5 * cut[3]
    body = [(-wide, top), (wide, top), (wide * foot, low), (-wide * foot, low)]
    along = np.linspace(0, np.pi, 14)
    reach, tall = wide * (0.4 + 0.5 * cut[4]), 0.2 + 0.4 * cut[5]
    outer = [(float(reach * np.cos(a) + 0.04 * moves[0] * np.sin(a)), float(top - tall * np.sin(a))) for a in along]
    strap = 0.03 + 0.04 * cut[6]
    inner = [(x * (1 - strap / reach), top + (y - top) * (1 - strap / tall) + 0.001) for x, y in outer]
    flap = top + (low - top) * (0.2 + 0.5 * cut[7])
    seams = [[(-wide, flap), (0.0, flap + 0.1), (wide, flap)], [(-wide, top), (wide, top)]]
    return Shape([body, outer + inner[::-1]], [], seams)


def _hat(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """A dome and a brim on both sides, or a visor on one."""
    wide, tall, square = 0.35 + 0.2 * cut[0], 0.3 + 0.6 * cut[1], 0.4 + 1.6 * cut[2]
    along = np.linspace(0, np.pi, 20)
    across = wide * np.sign(np.cos(along)) * np.abs(np.cos(along)) ** (1 / square)
    dome = [(float(x), float(y)) for x, y in zip(across, 0.25 - tall * np.sin(along) ** (1 / square), strict=True)]
    brim, thick = wide + 0.05 + 0.4 * cut[3], 0.06 + 0.12 * cut[4]
    left = -wide if cut[5] > 0.5 else -brim
    bend = 0.05 * moves[0]
    edge = [(left, 0.2), (brim, 0.22 + bend), (brim, 0.2 + thick + bend), (0.0, 0.25 + thick), (left, 0.2 + thick)]
    return Shape([dome, edge], [], [[(-wide, 0.16), (wide, 0.16)]])


def _sock(cut: NDArray[np.float64], moves: NDArray[np.float64]) -> Shape:
    """A leg and a foot, as of socks, gloves without fingers and stockings."""
    wide, tall, foot = 0.14 + 0.1 * cut[0], 0.4 + 0.45 * cut[1], 0.3 + 0.4 * cut[2]
    lean = 0.1 * moves[0]
    leg = [(-wide + lean, -tall), (wide + lean, -tall), (wide, 0.35), (-wide, 0.35)]
    sole = _limb(-0.02, 0.3, 1.35 + 0.15 * moves[1], foot, wide * 1.1, wide * 0.8)
    return Shape(
        [leg, sole], [], [[(-wide + lean, -tall + 0.1), (wide + lean, -tall + 0.1)], [(-wide, 0.2), (0.1, 0.5)]]
    )


_SHAPES = {
    "shirt": _shirt,
    "coat": _coat,
    "dress": _dress,
    "trousers": _trousers,
    "skirt": _skirt,
    "bag": _bag,
    "hat": _hat,
    "sock": _sock,
}
