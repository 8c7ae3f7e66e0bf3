"""A flipped bit anywhere in a stored session: it opens, loses one sample at most, and works.

`benchmarks/bit_flips.py` tries every bit, and starts the whole kiosk with 500 of them.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import bit_flips
from tests.support.bit_flips import SAMPLES, Flipper

pytestmark = pytest.mark.needs_runtime

HEADER_BITS = 800
BITS_OF_THE_INDEX_OF_VIEWS = range(57_232, 57_256)
TRIED = 50


@pytest.mark.parametrize("good_copy", [True, False], ids=["with the last good copy", "without it"])
def test_after_a_flipped_bit_a_session_opens_and_works(tmp_path: Path, good_copy: bool) -> None:
    flipper, rng = Flipper(tmp_path, good_copy=good_copy), random.Random(1)
    bits = {*rng.sample(range(HEADER_BITS), TRIED // 3), *rng.sample(range(flipper.bits), TRIED)}
    found = [flipper.open_with(bit) for bit in sorted(bits)]
    least = SAMPLES if good_copy else 0
    assert min(samples for samples, _ in found) >= least
    assert sum(samples == SAMPLES for samples, _ in found) > 0.9 * len(found)
    assert sum(bool(damage) for _, damage in found) > 10


@pytest.mark.parametrize("good_copy", [True, False], ids=["with the last good copy", "without it"])
def test_a_damaged_index_of_the_views_costs_no_sample(tmp_path: Path, good_copy: bool) -> None:
    """It returns views of other samples, which must not make all that was salvaged look damaged."""
    flipper = Flipper(tmp_path, good_copy=good_copy)
    found = [flipper.open_with(bit, use=False) for bit in BITS_OF_THE_INDEX_OF_VIEWS]
    assert {samples for samples, _ in found} == {SAMPLES}
    assert sum(bool(damage) for _, damage in found) > len(found) / 2


def needs_too_much_memory(path: Path) -> bool:
    """Whether SQLite wants more memory for the tables of a database than it may reserve."""
    with closing(sqlite3.connect(path)) as database:
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except MemoryError:
            return True
        except (sqlite3.Error, UnicodeDecodeError):
            return False
    return False


@pytest.mark.parametrize("good_copy", [True, False], ids=["with the last good copy", "without it"])
def test_a_session_whose_tables_claim_more_memory_than_there_may_be_opens_and_works(
    tmp_path: Path, good_copy: bool
) -> None:
    """SQLite has an error of its own for that, which is none of a damaged file."""
    flipper, claims = Flipper(tmp_path, good_copy=good_copy), 0
    for place in range(2820, 3060, 6):  # the page with the texts of the tables
        if needs_too_much_memory(flipper.overwrite(place, b"\xff" * 16)):
            claims += 1
            samples, damage = flipper.open(flipper.overwrite(place, b"\xff" * 16))
            assert (samples, damage) == (SAMPLES if good_copy else 0, "MemoryError")
    assert claims


@pytest.mark.parametrize("lacking", range(-1, len(bit_flips.WAYS)))
def test_500_kiosks_among_which_a_known_way_of_repairing_does_not_occur_are_a_failure(
    tmp_path: Path, lacking: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = [f"{way}3, lost: 1." if way.endswith(" ") else way for way in bit_flips.WAYS]
    if lacking >= 0:
        del read[lacking]
    state = tmp_path / "state"
    names = [one.name for one in bit_flips.flipped_kiosks(tmp_path / "kiosks", 500)]
    state.write_text("".join(json.dumps([one, read[n % len(read)]]) + "\n" for n, one in enumerate(names)))
    monkeypatch.setattr(bit_flips.logging, "disable", lambda _level: None)
    monkeypatch.setattr(sys, "argv", ["bit_flips.py", "--bits", "0", "--state", str(state)])
    if lacking < 0:
        bit_flips.main()
        assert "did not occur" not in capsys.readouterr().out
        return
    with pytest.raises(SystemExit) as caught:
        bit_flips.main()
    assert caught.value.code == 1
    assert f"1 of 4 known ways did not occur: {bit_flips.WAYS[lacking]}\n" in capsys.readouterr().out
