"""Invented letters: alphabets of strokes, and words and lines written with them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
Colour = tuple[float, float, float]  # RGB, 0..255
Word = tuple[int, ...]  # numbers of letters
LETTERS = 14
_FINE = 16  # fractions of a pixel in which OpenCV draws
_STEMS = ([[0, 0], [0, 1]], [[1, 0], [1, 1]], [[0.5, 0], [0.5, 1]], [[0, 0], [0.5, 1]], [[1, 0], [0.5, 1]])
_BARS = ([[0, 0], [1, 0]], [[0, 0.5], [1, 0.5]], [[0, 1], [1, 1]], [[0, 1], [1, 0]], [[0, 0.5], [1, 1]])


@dataclass(frozen=True)
class Alphabet:
    """Letters of one style.

    Attributes:
        letters: The strokes of each letter, float64 (points, 2) in a box of edge 1.
        wide: Width of a letter, of its height.
        bold: Thickness of a stroke, of its height.
        lean: How far the top leans to the right, of its height.
    """

    letters: tuple[tuple[NDArray[np.float64], ...], ...]
    wide: float
    bold: float
    lean: float

    def write(self, canvas: Canvas, word: Word, box: tuple[float, float, float, float], colour: Colour) -> None:
        """Write a word into a box: left, top, width and height in pixels. Letters narrow if the word is too long."""
        left, top, width, height = box
        pitch = min(self.wide * 1.35 * height, width / max(len(word), 1))
        size = np.array([pitch / 1.35, height])
        strokes = []
        for place, number in enumerate(word):
            for stroke in self.letters[number]:
                points = stroke * size + (left + place * pitch, top)
                points[:, 0] += self.lean * (top + height - points[:, 1])
                strokes.append(np.rint(points * _FINE).astype(np.int32))
        thick = max(1, round(self.bold * height))
        cv2.polylines(canvas, strokes, False, colour, thick, cv2.LINE_AA, 4)

    def length(self, word: Word, height: float) -> float:
        """The width of a word in pixels."""
        return len(word) * self.wide * 1.35 * height

    def fill(
        self,
        canvas: Canvas,
        box: tuple[float, float, float, float],
        height: float,
        colour: Colour,
        rng: np.random.Generator,
    ) -> None:
        """Fill a box with lines of random words; `height` is that of a letter, in pixels."""
        left, top, width, high = box
        pitch = self.wide * 1.35 * height
        for line in np.arange(top, top + high - height, 1.7 * height):
            if rng.random() < 0.08:
                continue
            letters = max(1, int(width * rng.uniform(0.6, 1) / pitch))
            start = 0
            while start < letters:
                word = random_word(rng, 1, 8)[: letters - start]
                self.write(canvas, word, (left + start * pitch, float(line), len(word) * pitch, height), colour)
                start += len(word) + 1


def random_alphabet(rng: np.random.Generator) -> Alphabet:
    """Invent letters of stems, bars and bowls."""
    letters = tuple(_letter(rng) for _ in range(LETTERS))
    lean = float(rng.uniform(0.1, 0.35)) if rng.random() < 0.2 else 0.0
    return Alphabet(letters, float(rng.uniform(0.45, 0.85)), float(rng.uniform(0.1, 0.28)), lean)


def random_word(rng: np.random.Generator, shortest: int, longest: int) -> Word:
    """Choose the letters of a word."""
    return tuple(map(int, rng.integers(0, LETTERS, int(rng.integers(shortest, longest + 1)))))


def _letter(rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    strokes = [_bowl(rng)] if rng.random() < 0.5 else []
    for kinds, most in ((_STEMS, 2), (_BARS, 3)):
        count = int(rng.integers(0 if strokes else 1, most))
        strokes += [np.array(kinds[int(number)], np.float64) for number in rng.choice(len(kinds), count, replace=False)]
    return tuple(strokes)


def _bowl(rng: np.random.Generator) -> NDArray[np.float64]:
    """A piece of an ellipse as high as the letter or half as high."""
    start, turn = rng.choice([0.0, 0.5, 1.0, 1.5]) * np.pi, rng.choice([1.0, 1.5, 2.0]) * np.pi
    angles = np.linspace(start, start + turn, 9)
    high, middle = ((0.5, 0.5), (0.25, 0.25), (0.25, 0.75))[int(rng.integers(3))]
    return np.column_stack([0.5 + 0.5 * np.cos(angles), middle + high * np.sin(angles)])
