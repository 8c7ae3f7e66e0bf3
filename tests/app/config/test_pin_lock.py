"""The lock of the PIN survives a restart; no clock and no damaged file shortens or breaks it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.config.pin_lock import FILE, PinLock, read_pin_lock, write_pin_lock


def test_what_is_written_is_read_again_and_nothing_stays_without_wrong_pins(tmp_path: Path) -> None:
    write_pin_lock(tmp_path, PinLock(5, 240.0))
    assert read_pin_lock(tmp_path) == PinLock(5, 240.0)
    write_pin_lock(tmp_path, PinLock())
    assert not (tmp_path / FILE).exists()
    assert read_pin_lock(tmp_path) == PinLock()


def test_the_file_has_no_time_of_a_clock(tmp_path: Path) -> None:
    write_pin_lock(tmp_path, PinLock(3, 60.0))
    assert (tmp_path / FILE).read_text() == '{"wrong": 3, "locked_s": 60.0}'


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "[]",
        "{",
        '{"wrong": "x", "locked_s": 1}',
        "\x00\xff",
        '{"wrong": 1}',
        '{"wrong": 1e999, "locked_s": 1}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_no_lock(damaged: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(damaged.encode("latin-1"))
    assert read_pin_lock(tmp_path) == PinLock()


def test_a_pipe_in_the_place_of_the_file_is_no_lock_and_is_replaced(tmp_path: Path) -> None:
    for name in (FILE, f"{FILE}.partial"):
        os.mkfifo(tmp_path / name)
    assert read_pin_lock(tmp_path) == PinLock()
    write_pin_lock(tmp_path, PinLock(5, 240.0))
    assert read_pin_lock(tmp_path) == PinLock(5, 240.0)


def test_a_lock_is_never_longer_than_five_minutes(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"wrong": -4, "locked_s": 1e300}')
    assert read_pin_lock(tmp_path) == PinLock(0, 300.0)
