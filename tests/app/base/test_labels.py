"""Names of classes that look alike are one name, and a name that shows nothing is none."""

from __future__ import annotations

import pytest

from app.base.labels import is_blank


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "\u200d\u200d", "\u3164", "\ufe0f", "\u2800", "\u00ad\t", "\u202e"]
)
def test_a_name_of_which_nothing_can_be_seen_is_blank(name: str) -> None:
    assert is_blank(name)


@pytest.mark.parametrize("name", ["a", "猫", "\u2764\ufe0f", "👩\u200d🔬", "\u0301", ".", "🏴\U000e0067\U000e007f"])
def test_a_name_of_which_something_can_be_seen_is_not_blank(name: str) -> None:
    assert not is_blank(name)
