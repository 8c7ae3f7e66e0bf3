"""The extractor that ships."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from benchmarks.operations import counted
from tests.support.operators import assert_fit_for_the_edge_tpu
from tpu.models import default_extractor_path

pytestmark = pytest.mark.needs_runtime

CARD = default_extractor_path().with_name("MODEL_CARD.md")


def test_the_shipped_extractor_is_small_and_has_only_operators_of_the_edge_tpu() -> None:
    assert_fit_for_the_edge_tpu(default_extractor_path())
    assert default_extractor_path().stat().st_size <= 2_000_000


def test_the_count_of_operations_equals_a_count_by_hand() -> None:
    edges, kernels, channels = (
        (48, 24, 12, 12, 12, 6, 6, 6, 6),
        (3,) * 8 + (1,),
        (3, 16, 48, 96, 96, 96, 192, 192, 192, 384),
    )
    layers = sum(e * e * k * k * a * b for e, k, a, b in zip(edges, kernels, channels, channels[1:], strict=False))
    branches = 48 * 48 * (3 * 24 + 24 * 64) + 12 * 12 * 96 * 128 + 6 * 6 * 192 * 192  # colours, words
    projections = 12 * 12 * (96 * 64 + 64 * 48 + 128 * 48) + 6 * 6 * (192 * 128 + 384 * 384 + 192 * 64)
    windows = 12 * 12 * (64 + 48 + 48) + 6 * 6 * (128 + 64)  # weighted means
    operations, _ = counted(default_extractor_path().read_bytes())
    assert operations == layers + branches + projections + windows
    assert f"{operations / 1e6:.0f} million multiply-adds" in CARD.read_text(encoding="utf-8")


def test_the_model_card_describes_this_file() -> None:
    card, documentation = (path.read_text(encoding="utf-8") for path in (CARD, Path("docs/model.md")))
    assert hashlib.sha256(default_extractor_path().read_bytes()).hexdigest() in card
    assert "Apache-2.0" in card
    assert "Apache-2.0" in documentation
