"""Rooms as backgrounds: a wall, a table or floor in perspective, and other things. RGB, uint8, square."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pretraining.hands import random_skin
from pretraining.scene import placed_anywhere
from pretraining.textures import FloatImage, nearly_plain, random_colour, random_texture
from pretraining.things import Thing, pixel

Picture = NDArray[np.uint8]


def random_room(size_px: int, things: Sequence[Thing], rng: np.random.Generator) -> Picture:
    """A random room with `things` in it, uint8 (size_px, size_px, 3)."""
    room = _surface(size_px, rng)
    if rng.random() < 0.7:
        room = _with_table(room, rng)
    for _ in range(int(rng.integers(0, 3))):  # frames, doors, screens
        left, top = rng.uniform(-0.2, 0.9, 2) * size_px
        right, bottom = left + rng.uniform(0.1, 0.6) * size_px, top + rng.uniform(0.1, 0.6) * size_px
        part = np.s_[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))]
        room[part] = _surface(size_px, rng)[part]
    for thing in things:
        room = placed_anywhere(thing, room, rng)
    light = cv2.resize(rng.uniform(0.6, 1.2, (2, 2)).astype(np.float32), (size_px, size_px))
    return (np.clip(room * light[..., None], 0, 1) * 255).astype(np.uint8)


def with_person(picture: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Add a person who sits before the camera: shoulders in any cloth, a head and hair; not in full focus."""
    size_px = len(picture)
    head, skin = rng.uniform(0.1, 0.24) * size_px, random_skin(rng)
    middle = np.array([rng.uniform(0.15, 0.85), rng.uniform(0.05, 0.55)]) * size_px
    cloth = random_texture(size_px, rng) if rng.random() < 0.4 else np.full_like(picture, random_colour(rng))
    hair = random_skin(rng) * np.float32(rng.uniform(0.1, 0.9))
    shoulder = middle + np.array([0.0, head * rng.uniform(1.6, 2.0)])
    wide, lean = head * rng.uniform(1.6, 2.4), float(rng.normal(0, 8))
    parts = (  # middle, half lengths, colour
        (middle - np.array([0.0, 0.25 * head]), head * rng.uniform(0.9, 1.3, 2) * (0.9, 1.15), hair),
        (shoulder + np.array([0.0, size_px]), np.array([wide, size_px]), cloth),
        (middle + np.array([0.0, head]), np.array([0.4, 0.9]) * head, skin),
        (middle + np.array([0.0, 0.1 * head]), np.array([0.78, 1.05]) * head, skin),
    )
    seen = picture
    for place, half, colour in parts:
        cover = np.zeros((size_px, size_px), np.uint8)
        cv2.ellipse(cover, pixel(place), pixel(half), lean, 0, 360, 255, -1)
        share = cv2.GaussianBlur(cover, (0, 0), float(0.012 * size_px))[..., None] / np.float32(255)
        seen = seen * (1 - share) + colour * share
    return seen.astype(np.float32)


def _surface(size_px: int, rng: np.random.Generator) -> FloatImage:
    return nearly_plain(size_px, rng) if rng.random() < 0.5 else random_texture(size_px, rng)


def _with_table(wall: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Add a table or a floor in front of a wall, in perspective."""
    size_px = len(wall)
    far = rng.uniform(0.25, 0.8) * size_px
    narrow = rng.uniform(0.3, 0.9)
    lean = rng.normal(0, 0.04) * size_px
    corners = np.array([[0, 0], [size_px, 0], [size_px, size_px], [0, size_px]], np.float32)
    left, right = size_px * (0.5 - 0.5 / narrow), size_px * (0.5 + 0.5 / narrow)
    edge = np.array([[0, far - lean], [size_px, far + lean], [right, size_px], [left, size_px]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, edge)
    table = cv2.warpPerspective(_surface(size_px, rng), matrix, (size_px, size_px), borderMode=cv2.BORDER_REFLECT_101)
    cover = cv2.warpPerspective(np.ones((size_px, size_px), np.float32), matrix, (size_px, size_px))[..., None]
    return wall * (1 - cover) + table * cover
