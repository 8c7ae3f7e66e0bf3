"""The sheet of pictures to check before training."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import pytest

from pretraining import sheet, world
from pretraining.world import FAMILIES, KINDS

pytestmark = pytest.mark.needs_torch


def test_a_sheet_shows_every_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(world, "WALLS", 8)
    monkeypatch.setattr(sheet, "THINGS", 24)
    monkeypatch.setattr(sheet, "EARLIER", 1)
    file = tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", ["sheet", str(file)])
    sheet.main()
    rows = sheet.ROWS_EACH * (len(KINDS) + len(FAMILIES))
    assert cv2.imread(str(file)).shape == (rows * 96, 13 * 96, 3)
    for nowhere in (tmp_path / "nowhere" / "sheet.png", tmp_path / "sheet.unknown"):
        monkeypatch.setattr(sys, "argv", ["sheet", str(nowhere)])
        with pytest.raises(SystemExit):
            sheet.main()
        assert f"cannot write {nowhere}: name a .png or .jpg in a folder that exists." in capsys.readouterr().err
