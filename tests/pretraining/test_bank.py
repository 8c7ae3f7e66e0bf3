"""The bank of things that nobody teaches: the shipped pictures are those that the program renders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pretraining.bank import SEED, SIZE_OUT_PX, bank_picture
from tpu.made_views import PictureBank

pytestmark = pytest.mark.needs_runtime

BANK = Path(__file__).resolve().parents[2] / "assets/models/bank.zip"


def test_the_shipped_pictures_are_rendered_from_the_seed() -> None:
    rng = np.random.default_rng(SEED)
    bank = PictureBank(BANK)
    for number in range(4):
        rendered = bank_picture(SIZE_OUT_PX, rng).astype(int)
        assert np.abs(bank.picture(number) - rendered).mean() < 8  # grey levels: JPEG is lossy


def test_pictures_of_the_bank_differ_from_each_other() -> None:
    bank = PictureBank(BANK)
    small = np.stack([bank.picture(number)[::16, ::16].astype(float).ravel() for number in range(len(bank))])
    for number, picture in enumerate(small[:-1]):
        assert np.abs(small[number + 1 :] - picture).mean(axis=1).min() > 5
