"""Rows of a stored session: every value that no kiosk writes is recognised, and what is damaged is named."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from app.session.pictures import encode_picture
from app.session.soundness import model_problem, picture_is_sound, sample_problem, view_problem

pytestmark = pytest.mark.needs_runtime

VECTOR, SHA256 = np.arange(4, dtype=np.float32).tobytes(), "ab" * 32
NOT_FINITE = np.array([0, math.nan, 0, 0], np.float32).tobytes()
SAMPLE = (1, 0, VECTOR, encode_picture(np.zeros((8, 8, 3), np.uint8)), 1e9, SHA256, "cpu", None)
MODEL = ("model-1.tflite", SHA256, 0.9, 0.5, "2,2", "holds", 0)
NO_CLASS, EMBEDDING, PICTURE = (
    "its class does not exist",
    "its embedding is damaged",
    "its picture or its time is damaged",
)
EXTRACTOR, DEVICE, HOLD = "its extractor is damaged", "its device is damaged", "its hold is damaged"
PATH, NUMBERS = "its path is damaged", "its numbers are damaged"
COUNTS, ORIGIN = "its counts of samples are damaged", "its origin is damaged"


def changed(row: tuple[Any, ...], column: int, value: object) -> tuple[Any, ...]:
    return (*row[:column], value, *row[column + 1 :])


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        (0, 1, ""), (0, 0, NO_CLASS), (0, "1", NO_CLASS), (0, None, NO_CLASS),
        (1, 1, ""), (1, 2, NO_CLASS), (1, -1, NO_CLASS), (1, 0.0, NO_CLASS),
        (2, b"", EMBEDDING), (2, VECTOR[:-1], EMBEDDING), (2, NOT_FINITE, EMBEDDING), (2, "text", EMBEDDING),
        (3, b"", ""), (3, b"no picture", ""), (3, None, PICTURE), (3, "text", PICTURE),
        (4, 5, ""), (4, math.nan, PICTURE), (4, math.inf, PICTURE), (4, "1.0", PICTURE),
        (5, "", ""), (5, "ab" * 33, EXTRACTOR), (5, "a/b", EXTRACTOR), (5, None, EXTRACTOR),
        (6, "usb:0", ""), (6, "gpu", DEVICE), (6, "cpu\n", DEVICE), (6, 1, DEVICE),
        (7, 0, ""), (7, 12, ""), (7, -1, HOLD), (7, 1 << 62, HOLD), (7, "1", HOLD),
    ],
)  # fmt: skip
def test_a_sample_is_kept_only_if_all_its_values_are_possible(column: int, value: object, problem: str) -> None:
    assert sample_problem(changed(SAMPLE, column, value), 2) == problem


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        (0, "a\0b", PATH), (0, "", PATH), (0, b"x", PATH), (1, None, PATH),
        (2, None, ""), (2, 1.5, NUMBERS), (2, math.nan, NUMBERS), (3, None, NUMBERS), (3, -0.1, NUMBERS), (3, 1.0, ""),
        (4, "2,2,0", ""), (4, "0", ""), (4, "2,2,1", COUNTS), (4, "2,", COUNTS), (4, "-1,2", COUNTS), (4, 22, COUNTS),
        (5, None, ""), (5, "views", ""), (5, "guesses", ORIGIN), (6, 1, ""), (6, 2, ORIGIN), (6, "0", ORIGIN),
    ],
)  # fmt: skip
def test_a_model_is_used_only_if_all_its_values_are_possible(column: int, value: object, problem: str) -> None:
    assert model_problem(changed(MODEL, column, value), 2) == problem


def test_a_view_needs_an_embedding_as_long_as_that_of_its_sample() -> None:
    assert view_problem((1, 0, VECTOR, SHA256), len(VECTOR)) == ""
    for row, length in (
        ((1, 0, VECTOR, SHA256), 12), ((1, 0, VECTOR, SHA256), None), ((1, 0, NOT_FINITE, SHA256), len(VECTOR)),
    ):  # fmt: skip
        assert view_problem(row, length) == EMBEDDING
    for row in ((1, -1, VECTOR, SHA256), (1, 0, VECTOR, "a b")):
        assert view_problem(row, len(VECTOR)) == "it is damaged"


def test_a_picture_is_sound_if_it_is_missing_or_promises_a_size_that_may_be_decoded() -> None:
    def promising(width: int, height: int) -> bytes:
        """A JPEG with another size in its header."""
        data = encode_picture(np.zeros((8, 8, 3), np.uint8))
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]

    assert picture_is_sound(b"")
    assert picture_is_sound(promising(8, 8))
    assert picture_is_sound(cv2.imencode(".jpg", np.zeros((300, 200, 3), np.uint8))[1].tobytes())
    for bad in (promising(0, 8), promising(8, 0), promising(30_000, 8), promising(8, 30_000), b"text", None, "text"):
        assert not picture_is_sound(bad)
