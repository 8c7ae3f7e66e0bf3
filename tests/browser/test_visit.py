"""From a visit with buttons on pins to the page on the drive, opened in a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from run_kiosk import main
from tests.browser.conftest import Open
from tests.end_to_end.test_pins import visit
from tests.support.disks import sticks
from tests.support.kiosks import LABELS
from tests.support.pins import box

pytestmark = pytest.mark.needs_browser


@dataclass(frozen=True)
class TakenHome:
    """What a visit left.

    Attributes:
        folder: The folder on the drive.
        pictures: What the camera saw afterwards, one thing of each class.
    """

    folder: Path
    pictures: list[Path]


@pytest.fixture(scope="module")
def taken_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TakenHome]:
    """A visit with nothing but pins, whose drive is still plugged in."""
    place = tmp_path_factory.mktemp("visit")
    with sticks(place / "usb") as socket, box(place, socket.drives) as panel:
        drive = socket.plug_in("ext4").path
        folder = visit(panel)
        assert folder.is_relative_to(drive)
        pictures = [place / f"{label}.png" for label in LABELS]
        for path in pictures:
            panel.station.table.show(path.stem)
            Image.fromarray(panel.station.table.read()).save(path)
        yield TakenHome(folder, pictures)


def test_a_visit_with_pins_leaves_a_page_on_the_drive_that_answers_like_the_kiosk(
    open_page: Open, taken_home: TakenHome, tmp_path: Path
) -> None:
    answers = tmp_path / "answers.json"
    found = open_page(taken_home.folder / "open_me.html").answers(taken_home.pictures)
    assert main(["classify", str(taken_home.folder), *map(str, taken_home.pictures), "--json", str(answers)]) == 0
    expected = json.loads(answers.read_text())
    assert [json.loads(one["probabilities"]) for one in found] == [one["probabilities"] for one in expected]
    assert [one["label"] for one in found] == list(LABELS)


def test_a_page_on_the_drive_holds_no_picture_unless_the_settings_allow_it(taken_home: TakenHome) -> None:
    begin_of_a_jpeg = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x10JFI").decode()
    assert begin_of_a_jpeg not in (taken_home.folder / "open_me.html").read_text(encoding="utf-8")
