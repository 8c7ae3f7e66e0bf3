"""From a visit with buttons on pins to the page on the drive, opened in a browser."""

from __future__ import annotations

import json
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


def test_a_visit_with_pins_leaves_a_page_on_the_drive_that_answers_like_the_kiosk(
    open_page: Open, tmp_path: Path
) -> None:
    with sticks(tmp_path / "usb") as socket, box(tmp_path, socket.drives) as panel:
        drive = socket.plug_in("ext4").path
        saved = visit(panel)
        assert saved.is_relative_to(drive)
        pictures = [tmp_path / f"{label}.png" for label in LABELS]
        for path in pictures:
            panel.station.table.show(path.stem)
            Image.fromarray(panel.station.table.read()).save(path)
        found = open_page(saved / "open_me.html").answers(pictures)
        assert main(["classify", str(saved), *map(str, pictures), "--json", str(tmp_path / "answers.json")]) == 0
        expected = json.loads((tmp_path / "answers.json").read_text())
        assert [json.loads(one["probabilities"]) for one in found] == [one["probabilities"] for one in expected]
        assert [one["label"] for one in found] == list(LABELS)
        assert "data:image/jpeg" not in (saved / "open_me.html").read_text(encoding="utf-8")
