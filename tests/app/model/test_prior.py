"""The prior of an extractor: shipped, measured once, and cached."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from app.model.prior import BANK, ExtractorPrior
from learning.view_prior import prior_to_bytes
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import PictureBank
from tpu.models import default_extractor_path
from tpu.tensors import ImageArray

pytestmark = pytest.mark.needs_runtime

OTHER = "ab" * 32


def colours(image: ImageArray) -> np.ndarray:
    """Embed a picture as the means of its four quarters."""
    rows = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2].astype(np.float32) / 255
    halves = np.stack(np.split(rows, 2, axis=0))
    return np.concatenate([part.mean(axis=(1, 2)).ravel() for part in np.split(halves, 2, axis=2)]).astype(np.float32)


def test_the_prior_of_the_built_in_extractor_ships_and_is_what_the_extractor_measures() -> None:
    with EmbeddingExtractor(default_extractor_path()) as extractor:
        prior = ExtractorPrior(extractor.origin_sha256, None)
        assert prior.known is not None
        assert not prior.wanted
        first = PictureBank(BANK).embedded(0, extractor.embed)
        # float16 in the file; the last 8-bit step may differ between processors
        assert first[0] == pytest.approx(prior.known.bank[0], abs=0.06 * float(np.abs(first[0]).max()))


def test_another_extractor_is_measured_in_turns_and_then_read_from_the_cache(
    few_bank_pictures: Path, tmp_path: Path
) -> None:
    prior = ExtractorPrior(OTHER, tmp_path, few_bank_pictures)
    assert (prior.known, prior.fraction) == (None, 0.0)
    fractions = []
    while prior.wanted:
        prior.measure(colours, enough=lambda: True)
        fractions.append(prior.fraction)
    assert fractions == pytest.approx([number / 12 for number in range(1, 13)])
    assert prior.known is not None
    assert prior.known.bank.shape[1] == 12
    again = ExtractorPrior(OTHER, tmp_path, few_bank_pictures)
    assert again.known is not None
    assert again.known.distance == pytest.approx(prior.known.distance)
    assert ExtractorPrior("cd" * 32, tmp_path, few_bank_pictures).known is None


def test_the_data_directory_may_be_missing_or_read_only(
    few_bank_pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (None, Path("~/kiosk"), tmp_path / "file"):  # no home: the default folder is not absolute
        prior = ExtractorPrior(OTHER, folder, few_bank_pictures)
        with caplog.at_level(logging.WARNING):
            prior.measure(colours)
        assert prior.known is not None
    (warning,) = caplog.messages
    cache = tmp_path / "file" / "extractors" / f"{OTHER}.views.npz"
    assert warning == f"{cache} cannot be written (Not a directory). The next start measures the extractor again."
    assert not Path("~").exists()


def test_a_damaged_cache_is_measured_again(few_bank_pictures: Path, tmp_path: Path) -> None:
    prior = ExtractorPrior(OTHER, tmp_path, few_bank_pictures)
    prior.measure(colours)
    (cache,) = (tmp_path / "extractors").iterdir()
    assert prior.known is not None
    cache.write_bytes(prior_to_bytes(prior.known)[:-300])
    assert ExtractorPrior(OTHER, tmp_path, few_bank_pictures).wanted


def test_an_extractor_that_sees_no_difference_between_views_has_no_prior(
    few_bank_pictures: Path, tmp_path: Path
) -> None:
    prior = ExtractorPrior(OTHER, tmp_path, few_bank_pictures)
    prior.measure(lambda _image: np.ones(8, np.float32))
    assert (prior.known, prior.wanted) == (None, False)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_an_extractor_whose_values_cannot_be_computed_with_has_no_prior(
    value: float, few_bank_pictures: Path, tmp_path: Path
) -> None:
    prior = ExtractorPrior(OTHER, tmp_path, few_bank_pictures)
    prior.measure(lambda image: np.full(8, value, np.float32) * (image.mean() > 100))
    assert (prior.known, prior.wanted) == (None, False)
