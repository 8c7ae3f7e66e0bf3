"""Printed packages: cartons, bottles, cans, bags and cards. One family is one brand; its members are varieties.

The varieties of a brand share shape, layout, logo and lettering. They differ in a word and in some of these: the colour
of a band, the picture, the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pretraining.bodies import Box, Lathed
from pretraining.lettering import Alphabet, Canvas, Colour, Word, random_alphabet, random_word
from pretraining.textures import FloatImage, random_colour, random_texture
from pretraining.things import SIZE_PX, FlatThing, Side, Thing, contour, domed, filled, random_finish

PRINT_PX = 2 * SIZE_PX  # prints are drawn twice as large
Region = tuple[float, float, float, float]  # left, top, width and height, of the print's edge
VARIED = {"band": 0.75, "picture": 0.55, "ground": 0.2}  # how often the varieties of a brand differ in it
_HEIGHTS = {"logo": 0.22, "band": 0.16, "picture": 0.36, "text": 0.26}  # of the parts of a print


@dataclass(frozen=True)
class Brand:
    """The design of a package.

    Attributes:
        seed: Decides all that its varieties share.
        body: What it is printed on: carton, bottle, bag or card.
        varied: In what the varieties differ, keys of VARIED.
        alphabet: Its lettering.
    """

    seed: int
    body: str
    varied: frozenset[str]
    alphabet: Alphabet

    def member(self, rng: np.random.Generator) -> Thing:
        """See `Family`."""
        shared = np.random.default_rng(self.seed)
        front, side = self._printed(shared, rng)
        finish = random_finish(shared)
        if self.body == "carton":
            return _carton(front, side, shared, finish)
        if self.body == "bottle":
            return _bottle(front, side, shared, finish)
        return _sheet(front, shared, finish, bag=self.body == "bag")

    def _printed(self, shared: np.random.Generator, rng: np.random.Generator) -> tuple[FloatImage, FloatImage]:
        """Draw front and side; each is RGB float32 (SIZE_PX, SIZE_PX, 3)."""
        own = {part: int((rng if part in self.varied else shared).integers(2**32)) for part in VARIED}
        look = np.random.default_rng(int(shared.integers(2**32)))
        regions = _layout(look)
        front = _ground(np.random.default_rng(own["ground"]))
        side = front.copy()
        _picture(front, regions["picture"], np.random.default_rng(own["picture"]))
        _band(
            front,
            side,
            regions["band"],
            look,
            np.random.default_rng(own["band"]),
            self.alphabet,
            random_word(rng, 3, 8),
        )
        _logo(front, regions["logo"], look, self.alphabet)
        texts = [(front, regions["text"])] * int(look.random() < 0.75)
        for canvas, region in (*texts, (side, (0.12, 0.1, 0.75, float(look.uniform(0.2, 0.8))))):
            box, height, ink = _pixels(region), float(look.uniform(5, 13)), _Ink.random(look)
            self.alphabet.fill(canvas, box, height, ink.on(canvas, box), rng)
        size = (SIZE_PX, SIZE_PX)
        one, other = (cv2.resize(canvas, size, interpolation=cv2.INTER_AREA) for canvas in (front, side))
        return (one / 255).astype(np.float32), (other / 255).astype(np.float32)


def random_brand(rng: np.random.Generator) -> Brand:
    """Invent a brand."""
    varied = frozenset(part for part, share in VARIED.items() if rng.random() < share)
    body = str(rng.choice(["carton", "bottle", "bag", "card"], p=[0.5, 0.2, 0.15, 0.15]))
    return Brand(int(rng.integers(2**32)), body, varied, random_alphabet(rng))


def _rgb(colour: FloatImage) -> Colour:
    red, green, blue = (255 * colour).tolist()
    return red, green, blue


def _layout(rng: np.random.Generator) -> dict[str, Region]:
    """One part below the other; most often the logo is on top. A picture may also fill the print."""
    order = ["logo", *map(str, rng.permutation([part for part in _HEIGHTS if part != "logo"]))]
    if rng.random() < 0.4:
        order = list(map(str, rng.permutation(order)))
    heights = {part: _HEIGHTS[part] * float(np.exp(rng.normal(0, 0.3))) for part in order}
    regions, top, whole = {}, 0.04, sum(heights.values()) / 0.92
    for part in order:
        high = heights[part] / whole
        left = float(rng.uniform(0.03, 0.25))
        regions[part] = (left, top, float(rng.uniform(0.6, 1)) * (0.97 - left), 0.92 * high)
        top += high
    if rng.random() < 0.2:
        regions["picture"] = (0.05, 0.05, 0.9, 0.9)
    return regions


def _pixels(region: Region) -> Region:
    left, top, width, height = (PRINT_PX * part for part in region)
    return left, top, width, height


def _corners(region: Region) -> tuple[tuple[int, int], tuple[int, int]]:
    left, top, width, height = region
    return (int(left), int(top)), (int(left + width), int(top + height))


@dataclass(frozen=True)
class _Ink:
    """A colour in a light and in a dark tone."""

    light: Colour
    dark: Colour

    @classmethod
    def random(cls, rng: np.random.Generator) -> _Ink:
        """Choose a colour."""
        colour = random_colour(rng, saturation=float(rng.uniform(0, 0.9)))
        colour = colour / max(float(colour.max()), 1e-3)
        return cls(_rgb(0.6 + 0.4 * colour), _rgb(colour * float(rng.uniform(0.05, 0.4))))

    def on(self, canvas: Canvas, region: Region) -> Colour:
        """The tone that can be read on what a region shows."""
        (left, top), (right, bottom) = _corners(region)
        shown = canvas[max(0, top) : bottom + 1 : 4, max(0, left) : right + 1 : 4]
        return self.light if shown.size and shown.mean() < 128 else self.dark


def _ground(rng: np.random.Generator) -> Canvas:
    """White, one colour, two colours or a texture."""
    light = rng.random() < 0.5
    one = np.float32(1) - np.float32(0.25) * random_colour(rng) if light else random_colour(rng)
    canvas = np.full((PRINT_PX, PRINT_PX, 3), 255 * one, np.uint8)
    kind = rng.integers(4)
    if kind == 0:  # two colours, with a straight or a curved seam
        across = np.linspace(0, PRINT_PX, 17)
        seam = rng.uniform(0.2, 0.8) * PRINT_PX + rng.normal(0, 30) * np.sin(across / PRINT_PX * rng.uniform(1, 7))
        outline = np.column_stack([across, seam + rng.normal(0, 0.3) * (across - PRINT_PX / 2)])
        below = np.vstack([outline, [(PRINT_PX, PRINT_PX), (0, PRINT_PX)]]).astype(np.int32)
        cv2.fillPoly(canvas, [below], _rgb(random_colour(rng)), cv2.LINE_AA)
    elif kind == 1 and rng.random() < 0.5:
        texture = cv2.resize(random_texture(SIZE_PX // 2, rng), (PRINT_PX, PRINT_PX))
        share = float(rng.uniform(0.2, 1))
        canvas = (canvas * (1 - share) + 255 * share * texture).astype(np.uint8)
    return canvas


def _picture(canvas: Canvas, region: Region, rng: np.random.Generator) -> None:
    """A heap of fruits or shapes: some outlines of one or two kinds, each with its colour and a bright spot."""
    left, top, width, height = _pixels(region)
    kinds = [(contour(rng, 1.0), random_colour(rng)) for _ in range(int(rng.integers(1, 3)))]
    size = float(rng.uniform(0.15, 0.5)) * min(width, height)
    for _ in range(int(rng.integers(1, 9))):
        outline, colour = kinds[int(rng.integers(len(kinds)))]
        middle = np.array([left + rng.uniform(0.1, 0.9) * width, top + rng.uniform(0.1, 0.9) * height])
        own = _rgb(np.clip(colour * rng.uniform(0.8, 1.2), 0, 1))
        cv2.fillPoly(canvas, [(16 * (outline * size + middle)).astype(np.int32)], own, cv2.LINE_AA, 4)
        bright = _rgb(np.clip(colour + 0.3, 0, 1))
        spot = tuple(map(int, middle - 0.3 * size))
        cv2.circle(canvas, (spot[0], spot[1]), max(1, int(0.15 * size)), bright, -1, cv2.LINE_AA)


def _band(
    front: Canvas,
    side: Canvas,
    region: Region,
    look: np.random.Generator,
    own: np.random.Generator,
    alphabet: Alphabet,
    word: Word,
) -> None:
    """The part that names the variety: `look` decides the shape, `own` the colour."""
    shape, ink, lean, reach = int(look.integers(4)), _Ink.random(look), look.normal(0, 8), look.uniform(0.3, 0.7)
    if shape == 0:  # all around
        region = (0.0, region[1], 1.0, region[3])
    colour, (start, end) = _rgb(random_colour(own, saturation=float(own.uniform(0.4, 1)))), _corners(_pixels(region))
    middle = ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
    if shape == 1:
        half = ((end[0] - start[0]) // 2, (end[1] - start[1]) // 2)
        cv2.ellipse(front, middle, half, float(lean), 0, 360, colour, -1, cv2.LINE_AA)
    elif shape == 2:  # a corner, and the word alone
        far = int(reach * PRINT_PX)
        cv2.fillPoly(front, [np.array([(0, 0), (far, 0), (0, far)])], colour, cv2.LINE_AA)
    else:
        cv2.rectangle(front, start, end, colour, -1)
    if shape == 0:
        cv2.rectangle(side, start, end, colour, -1)
    height = 0.5 * (end[1] - start[1])
    length = min(alphabet.length(word, height), 0.85 * (end[0] - start[0]))
    box = (middle[0] - length / 2, middle[1] - height / 2, length, height)
    alphabet.write(front, word, box, ink.on(front, box))


def _logo(canvas: Canvas, region: Region, look: np.random.Generator, alphabet: Alphabet) -> None:
    """The name of the brand in large letters, on a shape or alone."""
    word, ink, colour, kind = random_word(look, 3, 7), _Ink.random(look), _rgb(random_colour(look)), look.integers(4)
    box = _pixels(region)
    start, end = _corners(box)
    if kind == 0:
        cv2.rectangle(canvas, start, end, colour, -1)
    elif kind == 1:
        middle, half = ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2), (end[0] - start[0], end[1] - start[1])
        cv2.ellipse(canvas, middle, (half[0] * 5 // 9, half[1] * 2 // 3), 0, 0, 360, colour, -1, cv2.LINE_AA)
    height = 0.62 * box[3]
    length = min(alphabet.length(word, height), 0.86 * box[2])
    place = (box[0] + (box[2] - length) / 2, box[1] + 0.19 * box[3], length, height)
    alphabet.write(canvas, word, place, ink.on(canvas, place))


def _carton(
    front: FloatImage, side: FloatImage, shared: np.random.Generator, finish: tuple[float, float, float]
) -> Box:
    """A carton with its front towards the camera, upright or lying."""
    edges = np.array([shared.uniform(0.3, 1), shared.uniform(0.35, 1), shared.uniform(0.15, 0.5)])
    edges *= shared.uniform(0.6, 0.78) / edges.max()
    lid = side[::-1] if shared.random() < 0.5 else np.broadcast_to(front.mean((0, 1)), front.shape)
    faces = np.stack([side, lid, front.transpose(1, 0, 2)]).astype(np.float32)
    pose = (float(shared.uniform(-0.5, 0.5)), float(shared.uniform(-0.4, 0.15)))
    return Box(edges, faces, pose, float(shared.uniform(0.1, 0.45)), finish)


def _bottle(
    front: FloatImage, side: FloatImage, shared: np.random.Generator, finish: tuple[float, float, float]
) -> Lathed:
    """A can, a jar or a bottle with a neck and a cap; the print goes around it."""
    rows = np.linspace(0, 1, SIZE_PX, dtype=np.float32)
    top, bottom, radius = shared.uniform(0.02, 0.2), shared.uniform(0.8, 0.98), shared.uniform(0.22, 0.6)
    neck = shared.uniform(0.3, 0.9) if shared.random() < 0.6 else 1.0
    shoulder = top + shared.uniform(0.12, 0.45) * (bottom - top)
    radii = np.where(rows < shoulder, radius * neck, radius).astype(np.float32)
    radii = cv2.GaussianBlur(radii[:, None], (1, 0), 0.1, sigmaY=shared.uniform(0.5, 6))[:, 0]
    radii[(rows < top) | (rows > bottom)] = 0
    label = np.concatenate([side[:, SIZE_PX // 2 :], front, side[:, : SIZE_PX // 2]], 1)
    first, last = (int(part * SIZE_PX) for part in (shoulder, bottom)) if neck < 1 else (0, SIZE_PX)
    glass = np.broadcast_to(random_colour(shared), label.shape)
    skin = glass.copy()
    skin[first:last] = cv2.resize(label, (2 * SIZE_PX, max(1, last - first)), interpolation=cv2.INTER_AREA)
    skin[: int((top + 0.06) * SIZE_PX)] = random_colour(shared)  # the cap
    skin = np.roll(skin, -SIZE_PX, 1)  # the middle of the front is at longitude 0
    return Lathed(radii, skin.astype(np.float32), float(shared.uniform(0.2, 0.9)), finish)


def _sheet(
    front: FloatImage, shared: np.random.Generator, finish: tuple[float, float, float], *, bag: bool
) -> FlatThing:
    """A card, or a bag that bulges and has wrinkles."""
    wide, high = shared.uniform(0.45, 0.9, 2)
    wave = shared.normal(0, 0.02, (2, 4)) if bag else np.zeros((2, 4))
    along = np.linspace(-1, 1, 24)
    bends = [sum(wave[axis, n] * np.cos((n + 1) * 2 * along) for n in range(4)) for axis in range(2)]
    edges = (
        (wide * along, -high + bends[0]),
        (wide - np.abs(bends[1]), high * along),
        (-wide * along, high - bends[0]),
        (-wide + np.abs(bends[1]), -high * along),
    )
    mask = filled(np.vstack([np.column_stack(edge) for edge in edges]).astype(np.float32))
    inner = (int(2 * wide * SIZE_PX / 2), int(2 * high * SIZE_PX / 2))
    albedo = np.zeros((SIZE_PX, SIZE_PX, 3), np.float32)
    left, top = (SIZE_PX - inner[0]) // 2, (SIZE_PX - inner[1]) // 2
    albedo[top : top + inner[1], left : left + inner[0]] = cv2.resize(front, inner, interpolation=cv2.INTER_AREA)
    edge = ((top, SIZE_PX - top - inner[1]), (left, SIZE_PX - left - inner[0]), (0, 0))
    albedo = np.pad(albedo[top : top + inner[1], left : left + inner[0]], edge, "edge")
    height = domed(mask, 0.3)
    if bag:
        wrinkles = cv2.GaussianBlur(shared.random((SIZE_PX, SIZE_PX), np.float32), (0, 0), float(shared.uniform(2, 6)))
        height = domed(mask, 1.0) + (wrinkles - wrinkles.mean()) / max(float(wrinkles.std()), 1e-6) * 0.08
    soft = cv2.GaussianBlur(mask, (0, 0), 0.7)
    return FlatThing(Side(albedo.astype(np.float32), soft, (height * mask).astype(np.float32), *finish))
