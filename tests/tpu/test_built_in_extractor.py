"""The extractor that ships."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.operators import assert_fit_for_the_edge_tpu
from tpu.models import default_extractor_path

CARD = default_extractor_path().with_name("MODEL_CARD.md")


def test_the_shipped_extractor_holds_only_what_the_edge_tpu_compiler_takes_and_is_small() -> None:
    assert_fit_for_the_edge_tpu(default_extractor_path())
    assert default_extractor_path().stat().st_size <= 2_000_000


def test_the_card_is_that_of_the_file() -> None:
    card, documentation = (path.read_text(encoding="utf-8") for path in (CARD, Path("docs/model.md")))
    assert hashlib.sha256(default_extractor_path().read_bytes()).hexdigest() in card
    assert "Apache-2.0" in card
    assert "Apache-2.0" in documentation
