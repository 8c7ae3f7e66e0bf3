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
    assert default_extractor_path().stat().st_size <= 3_000_000


def test_the_count_of_operations_equals_a_count_by_hand() -> None:
    channels, kernels = (3, 16, 48, 96, 96, 96, 192, 192, 192, 384), (3,) * 8 + (1,)
    fine_edges, coarse_edges = (72, 36, 18, 18, 18, 9), (48, 24, 12, 12, 12, 6, 6, 6, 6)

    def layers(edges: tuple[int, ...]) -> int:
        both = zip(edges, kernels, channels, channels[1:], strict=False)
        return sum(edge**2 * kernel**2 * before * after for edge, kernel, before, after in both)

    wider = 48**2 * (7**2 - 3**2) * 3 * 16  # the first layer of the coarse look has a larger kernel
    branches = 72**2 * (3 * 24 + 24 * 64) + 18**2 * 96 * 128 + 9**2 * 192 * 192  # colours, words
    fine = 18**2 * (96 * 64 + 64 * 48 + 128 * 48) + 9**2 * (192 * 128 + 192 * 64)  # projections
    coarse = 6**2 * (192 * 128 + 384 * 384)
    windows = (18**2 + 18) * (64 + 48 + 48) + (9**2 + 9) * (128 + 64) + (6**2 + 6) * 128  # weighted means
    halved = 72**2 * 4 * 3 + 18**2 * 16 * 64  # the picture for the colours, and their map, in blocks
    white_balance = 3 * 64 + 64 * 3
    operations, _ = counted(default_extractor_path().read_bytes())
    assert operations == (
        layers(fine_edges) + layers(coarse_edges) + wider + branches + fine + coarse + windows + halved + white_balance
    )
    assert f"{operations / 1e6:.0f} million multiply-adds" in CARD.read_text(encoding="utf-8")


def test_the_model_card_describes_this_file() -> None:
    card, documentation = (path.read_text(encoding="utf-8") for path in (CARD, Path("docs/model.md")))
    assert hashlib.sha256(default_extractor_path().read_bytes()).hexdigest() in card
    assert "Apache-2.0" in card
    assert "Apache-2.0" in documentation
