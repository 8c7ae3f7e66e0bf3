"""A stick that fails while somebody uses the kiosk: whole kiosks with real threads and child processes.

These are a few cells of the table that benchmarks/faults.py makes, which measures times as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config.schema import ScreenSettings
from tests.support.edge_tpu.faults import FAULTS
from tests.support.edge_tpu.matrix import run_cell
from tests.support.edge_tpu.stick import can_compile
from tests.support.processes import CAMERA_HZ, WINDOW_PX

SERVES = "Edge TPU usb:0"
SILENT = "CPU – the Edge TPU does not answer"
SMALL = ScreenSettings(width_px=WINDOW_PX[0], height_px=WINDOW_PX[1])

pytestmark = [
    pytest.mark.needs_runtime,
    pytest.mark.skipif(not can_compile(), reason="needs gcc: install it with `sudo apt install gcc`"),
    pytest.mark.timeout(300),  # every step has a deadline of its own
]


@pytest.mark.parametrize(
    ("name", "mode", "comes_back", "last"),
    [
        ("pulled out", "training", False, ("CPU", SILENT)),  # silent for a moment, then known to be gone
        ("two crashes at start", "saving", False, (SILENT,)),
        ("abort at call 2", "teaching", True, (SERVES,)),
        ("hang at call 2", "live", True, (SERVES,)),
    ],
)
def test_no_sample_is_lost_and_the_cpu_answers_while_the_stick_fails(
    name: str, mode: str, comes_back: bool, last: tuple[str, ...], extractors: Path, tmp_path: Path
) -> None:
    fault = next(one for one in FAULTS if one.name == name)
    cell = run_cell(
        fault, mode, extractors, tmp_path / "kiosk", watched_s=0.5, settled_s=0.2, screen=SMALL, camera_hz=CAMERA_HZ
    )
    assert cell.problem == ""
    assert cell.kept == cell.pressed > 0
    assert any(strip.startswith("CPU") for strip in cell.strips), cell.strips
    assert cell.strips[-1] in last
    if comes_back:
        assert cell.back_s is not None
        assert "Performance=Low\n" in (tmp_path / "kiosk/stick/options").read_text()  # as the kiosk's settings say
