"""If pycoral 2 is installed, its functions open the Edge TPU; another project of the same name is ignored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.edge_tpu.fixtures import PLAIN
from tests.support.edge_tpu.pycoral import install_pycoral
from tests.support.edge_tpu.stick import SimulatedStick
from tests.support.processes import REPOSITORY
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import read_picture

pytestmark = pytest.mark.needs_runtime

SCRIPT = """
import json, sys, time
from pathlib import Path
from tpu.edgetpu.devices import list_accelerators
from tpu.extractor import EmbeddingExtractor
from tpu.runtime import Driver, available_runtimes, runtime_for_edge_tpu
from tpu.edgetpu.supervisor import EdgeTpuSupervisor
from tpu.tensors import read_picture

stick, model, photo, performance = sys.argv[1:]
stick = Path(stick)
driver = Driver(str(stick / "libedgetpu.so"), performance) if performance else Driver()
supervisor = EdgeTpuSupervisor(
    driver=driver, lock_folder=stick,
    list_devices=lambda: list_accelerators(stick / "sys", stick / "dev"),
).start()
with EmbeddingExtractor(Path(model), accelerator=supervisor) as extractor:
    extractor.wait_for_accelerator(60)
    end_s, image = time.monotonic() + 80, read_picture(Path(photo))
    while (answer := extractor.answer(image)).device == "cpu" and time.monotonic() < end_s:
        time.sleep(0.05)  # on a busy machine a call may be late, and the CPU answers
    print(json.dumps({
        "runtimes": available_runtimes(), "chosen": runtime_for_edge_tpu(), "device": answer.device,
        "reason": supervisor.status.reason, "embedding": answer.outputs[0].tolist(),
    }))
supervisor.close()
"""


@pytest.fixture
def photo(shared_photos: Path) -> Path:
    return shared_photos / "scenes" / "cat_720p.jpg"


@pytest.fixture
def asked(
    stick: SimulatedStick, extractors: Path, photo: Path, tmp_path: Path
) -> Callable[..., tuple[dict[str, Any], list[str]]]:
    """Embed a photograph in a process that has pycoral; return its output and the calls of pycoral."""

    def ask(version: str = "2.0.0", performance: str = "") -> tuple[dict[str, Any], list[str]]:
        calls = install_pycoral(tmp_path / "site", stick.library, version)
        stick.plug_in()
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(stick.folder), str(extractors), str(photo), performance],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{REPOSITORY}"},
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), calls.read_text().splitlines() if calls.exists() else []

    return ask


def test_pycoral_lists_and_opens_the_stick(asked, extractors: Path, photo: Path) -> None:
    result, calls = asked()
    assert (result["chosen"], result["device"]) == ("pycoral", "usb:0"), result["reason"]
    assert calls == ["list_edge_tpus", "make_interpreter bytes usb:0", "load_edgetpu_delegate [('device', 'usb:0')]"]
    with EmbeddingExtractor(extractors.with_name(PLAIN)) as plain:
        assert result["embedding"] == plain.embed(read_picture(photo)).tolist()


def test_the_performance_setting_reaches_pycorals_delegate(asked) -> None:
    result, calls = asked(performance="Low")
    assert result["device"] == "usb:0", result["reason"]
    assert "load_edgetpu_delegate [('Performance', 'Low'), ('device', 'usb:0')]" in calls


def test_another_project_named_pycoral_is_ignored(asked) -> None:
    result, calls = asked(version="0.2.0", performance="Low")
    assert (result["chosen"], result["device"]) == ("litert", "usb:0"), result["reason"]
    assert "pycoral" not in result["runtimes"]
    assert calls == []
