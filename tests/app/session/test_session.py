"""What a session needs before training."""

from __future__ import annotations

import pytest

from app.session.session import still_missing

pytestmark = pytest.mark.needs_runtime


def test_a_text_names_the_first_thing_that_training_needs() -> None:
    labels = ("apple", "cup", "book")
    assert str(still_missing(labels, (0, 0, 0))) == "Nothing to learn from yet. Show something and hold its button."
    assert str(still_missing(labels, (3, 0, 0))) == (
        "One more thing is needed: show something else than apple and hold its button."
    )
    assert str(still_missing(labels, (3, 1, 0))) == "cup needs one more picture."
    assert still_missing(labels, (2, 2, 0)) is None
