"""A stored PIN opens with that PIN alone, carries its parameters, and says nothing about the PIN."""

from __future__ import annotations

import base64
import hashlib

import pytest

from app.base.pin import is_pin, is_stored, matches, stored


def test_only_the_same_pin_matches() -> None:
    kept = stored("2580")
    assert matches("2580", kept)
    for wrong in ("2581", "258", "25800", "", "02580", kept, "２５８０"):
        assert not matches(wrong, kept)


def test_the_same_pin_is_stored_differently_each_time_and_never_in_plain() -> None:
    first, second = stored("73519"), stored("73519")
    assert first != second
    assert "73519" not in first
    assert is_stored(first)
    assert not is_pin(first)


def test_the_parameters_are_stored_with_it() -> None:
    salt = b"0123456789abcdef"
    key = hashlib.scrypt(b"2580", salt=salt, n=1 << 10, r=4, p=2, dklen=24)
    written = f"scrypt$1024$4$2${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
    assert matches("2580", written)
    assert not matches("2581", written)


def test_a_plain_pin_of_an_older_version_still_opens() -> None:
    assert matches("2580", "2580")
    assert not matches("258", "2580")
    assert not matches("", "")


@pytest.mark.parametrize(
    "damaged",
    [
        "scrypt$16384$8$1$AAAA$", "scrypt$16383$8$1$AAAAAAAA$AAAAAAAA", "scrypt$1048576$8$1$AAAAAAAA$AAAAAAAA",
        "scrypt$0$8$1$AAAAAAAA$AAAAAAAA", "scrypt$16384$8$1$A=AAAAAA$AAAAAAAA", "2580 ", "",
    ],
)  # fmt: skip
def test_what_is_damaged_or_asks_for_too_much_memory_is_no_stored_pin(damaged: str) -> None:
    assert not is_stored(damaged)
    assert not matches("2580", damaged)


@pytest.mark.parametrize(("text", "right"), [("1234", True), ("123456789012", True), ("123", False),
                                              ("1234567890123", False), ("12a4", False), ("١٢٣٤", False)])  # fmt: skip
def test_a_pin_has_4_to_12_digits(text: str, right: bool) -> None:
    assert is_pin(text) is right
