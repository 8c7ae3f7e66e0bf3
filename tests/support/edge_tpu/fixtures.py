"""Fixtures with a simulated Edge TPU stick."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.edge_tpu.stick import SimulatedStick, can_compile
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.edgetpu.timeouts import Timeouts

COMPILED = "mobilenet_v1_1.0_224_quant_embedding_extractor_edgetpu.tflite"
PLAIN = COMPILED.replace("_edgetpu", "")
SHORT_TIMEOUTS = Timeouts(
    answer_s=0.25, open_s=20.0, first_call_s=2.0, call_s=0.6, poll_s=0.05, replug_s=0.2, first_retry_s=0.1,
    longest_retry_s=1.0,
)  # fmt: skip
"""As the kiosk's, but shorter where a test would wait for minutes."""


@pytest.fixture
def extractors(shared_models: Path, tmp_path: Path) -> Path:
    """Google's compiled extractor with its CPU file beside it; returns the compiled one."""
    folder = tmp_path / "extractors"
    folder.mkdir()
    for name in (COMPILED, PLAIN):
        shutil.copyfile(shared_models / name, folder / name)
    return folder / COMPILED


@pytest.fixture
def stick(extractors: Path, tmp_path: Path) -> SimulatedStick:
    """A stick that is not plugged in yet and computes what the CPU file computes."""
    if not can_compile():
        pytest.skip("needs gcc: install it with `sudo apt install gcc`")
    return SimulatedStick(tmp_path / "stick", counterpart=extractors.with_name(PLAIN))


@pytest.fixture
def supervise(stick: SimulatedStick, tmp_path: Path) -> Iterator[Callable[..., EdgeTpuSupervisor]]:
    """A function that makes supervisors for the stick; they are closed after the test."""
    made: list[EdgeTpuSupervisor] = []

    def make(**settings: object) -> EdgeTpuSupervisor:
        chosen = {
            "driver": stick.driver, "timeouts": SHORT_TIMEOUTS, "list_devices": stick.list, "lock_folder": tmp_path,
            "runtime": "litert",
        }  # fmt: skip
        made.append(EdgeTpuSupervisor(**{**chosen, **settings}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.close()
