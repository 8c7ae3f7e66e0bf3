"""After a training: the kiosk notices that the model looks at the background, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.explanation import Explanation, Way
from app.core.state import Mode
from app.model.background import background_share, looks_at_background
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.close()


def taught(station: Station, *lessons: tuple[str, str], size: float) -> None:
    for index, (kind, background) in enumerate(lessons):
        station.table.show(kind)
        station.table.lay(background, size=size)
        for _ in range(8):
            station.table.new_view()
            station.look()
            station.panel.tap(index)
            station.settle()
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE


def test_small_things_in_front_of_different_backgrounds_are_noticed(station: Station) -> None:
    taught(station, ("duck", "wood"), ("book", "cloth"), size=0.6)
    assert station.kiosk.state.background is not None


def test_things_in_front_of_the_same_background_are_not(station: Station) -> None:
    taught(station, ("duck", "wood"), ("book", "wood"), size=1.0)
    assert station.kiosk.state.background is None


def evidence(*places: tuple[int, int]) -> Explanation:
    cells = np.full((8, 8), -1.0, np.float32)
    for place in places:
        cells[place] = 1.0
    return Explanation(cells, 0, 1, against_all=False, margin=float(cells.sum()), way=Way.EXACT)


def red_square_on_stripes() -> np.ndarray:
    picture = np.full((160, 160, 3), 210, np.uint8)
    picture[:, ::16] = 120
    picture[50:110, 50:110] = (200, 30, 30)
    return picture


def test_the_share_counts_what_looks_like_the_rim() -> None:
    picture = red_square_on_stripes()
    assert background_share(picture, evidence((3, 3), (4, 4))) == pytest.approx(0.0, abs=0.05)
    assert background_share(picture, evidence((0, 0), (7, 7))) == pytest.approx(1.0, abs=0.05)


def test_without_a_thing_or_without_evidence_there_is_no_share() -> None:
    assert background_share(np.full((160, 160, 3), 90, np.uint8), evidence((3, 3))) is None
    assert background_share(red_square_on_stripes(), evidence()) is None


def test_most_pictures_must_agree() -> None:
    picture, rim, middle = red_square_on_stripes(), evidence((0, 0)), evidence((3, 3))
    assert looks_at_background([(picture, rim), (picture, rim), (picture, middle)])
    assert not looks_at_background([(picture, rim), (picture, middle)])
    assert not looks_at_background([])
