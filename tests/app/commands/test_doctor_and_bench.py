"""`doctor` tells what is missing and how to mend it; `bench` names its topics."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from app.base.errors import BenchmarkUnavailable
from app.commands.bench import COLUMNS, run_bench
from app.commands.doctor import run_doctor
from app.config.schema import AcceleratorSettings, Config
from app.devices.drive import LEFT_TO_THE_SYSTEM
from app.devices.udisks import UDisks
from run_kiosk import main
from tests.support.disks import sticks
from tests.support.edge_tpu.stick import SimulatedStick
from tests.support.pins import BUTTON_PINS, LAMP_PINS, wired
from tests.support.udisks import private_bus, udisks_service
from tpu.errors import INSTALL_DRIVER, DriverMismatch

pytestmark = pytest.mark.needs_runtime


def doctor(data_dir: Path, settings: Config | None = None, **more: Any) -> tuple[bool, dict[str, str]]:
    lines: list[str] = []
    settings = settings or Config()
    fine = run_doctor(
        replace(settings, storage=replace(settings.storage, data_dir=str(data_dir))), lines.append, **more
    )
    return fine, {line[4:].split(":")[0].strip(): line for line in lines}


def test_the_doctor_looks_at_everything_a_kiosk_uses(tmp_path: Path) -> None:
    fine, lines = doctor(tmp_path / "not" / "made" / "yet")
    assert fine is all(line.startswith("ok   ") for line in lines.values())
    assert set(lines) == {"model", "disk", "display", "camera", "accelerator", "buttons", "drives"}
    assert lines["model"].startswith("ok  ")
    assert "kiosk_extractor on litert" in lines["model"]
    assert not (tmp_path / "not").exists()


def test_a_missing_display_is_a_thing_to_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    fine, lines = doctor(tmp_path)
    assert not fine
    assert lines["display"] == "FIX  display: none. Start the kiosk from a desktop session, or with --headless."


def test_its_exit_code_says_whether_there_is_something_to_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    command = ["doctor", "--camera", "demo", "--data-dir", str(tmp_path)]
    code = main(command)
    assert code == int("FIX " in capsys.readouterr().out)
    assert main([*command, "--extractor", str(tmp_path / "none.tflite")]) == 1
    assert "FIX  model: " in capsys.readouterr().out


def test_a_drive_that_waits_to_be_mounted_is_to_be_fixed_only_where_udisks_does_not_run(tmp_path: Path) -> None:
    with sticks(tmp_path / "usb") as socket, private_bus(tmp_path) as bus:
        disk = socket.plug_in(mounted=False)
        name = Path(disk.device).name

        def told() -> str:
            return doctor(tmp_path, mounted=socket.drives, udisks=UDisks(bus))[1]["drives"]

        assert told() == f"FIX  drives: {name} ({disk.device}): {LEFT_TO_THE_SYSTEM}"
        with udisks_service(bus, tmp_path / "media") as service:
            assert told() == f"ok   drives: {name} (not mounted; the kiosk asks udisks2 to)"
            assert service.calls == []


def with_stick(stick: SimulatedStick, extractor: Path | None = None, **accelerator: str) -> Config:
    settings = Config(accelerator=AcceleratorSettings(**{"library": str(stick.library), **accelerator}))
    return replace(settings, model=replace(settings.model, extractor=str(extractor or ""), runtime="litert"))


def test_a_stick_whose_driver_is_missing_old_or_broken_says_what_to_install(
    stick: SimulatedStick, tmp_path: Path
) -> None:
    def told(library: str) -> str:
        return doctor(tmp_path, with_stick(stick, library=library), list_devices=stick.list)[1]["accelerator"]

    stick.plug_in()
    assert told(str(stick.library)) == "ok   accelerator: usb:0"
    assert told("libnowhere.so.1") == (
        "FIX  accelerator: usb:0: the Edge TPU driver is missing (libnowhere.so.1: cannot open shared object file: "
        f"No such file or directory): {INSTALL_DRIVER}."
    )
    source = 'const char *edgetpu_version(void) { return "TENSORFLOW_COMMIT=a4dfb8d1a713), RuntimeVersion(14)"; }'
    assert told(str(library(tmp_path / "google.so", source))) == f"FIX  accelerator: usb:0: {DriverMismatch()}"
    source = "#include <stdlib.h>\nconst char *edgetpu_version(void) { abort(); }"
    crashes = library(tmp_path / "crashes.so", source)
    assert told(str(crashes)) == (
        f"FIX  accelerator: usb:0: the Edge TPU driver {crashes} crashes when it is loaded: {INSTALL_DRIVER}."
    )


def library(path: Path, source: str) -> Path:
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", path, "-xc", "-"], input=source.encode(), check=True)
    return path


def test_a_stick_is_tried_with_the_extractor_that_is_compiled_for_it(
    stick: SimulatedStick, extractors: Path, tmp_path: Path
) -> None:
    settings = with_stick(stick, extractors, performance="Low")
    stick.plug_in()
    assert doctor(tmp_path, settings, list_devices=stick.list)[1]["accelerator"] == "ok   accelerator: usb:0"
    assert stick.options == {"device": "usb:0", "Performance": "Low"}
    stick.refuse_to_open()
    fine, lines = doctor(tmp_path, settings, list_devices=stick.list)
    assert not fine
    assert lines["accelerator"] == (
        "FIX  accelerator: usb:0: the Edge TPU usb:0 does not open: another program uses it, or it hangs. "
        "Close that program, or unplug it and plug it in again."
    )


def test_buttons_on_pins_are_opened_and_one_that_reads_as_pressed_is_a_thing_to_fix(tmp_path: Path) -> None:
    factory = Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    settings = wired(Config())
    pins = len(BUTTON_PINS)
    try:
        assert (
            doctor(tmp_path, settings)[1]["buttons"] == f"ok   buttons: keys, {pins} on pins; lamps: {len(LAMP_PINS)}"
        )
        opening = replace(settings, gpio=replace(settings.gpio, active="high"))
        told = doctor(tmp_path, opening)[1]["buttons"]
        assert told.startswith("FIX  buttons: gpio:17, gpio:27, ")
        assert told.endswith(
            " read as pressed. If nobody holds them, check their wires, and gpio.pull and gpio.active in the settings."
        )
    finally:
        Device.pin_factory = None
        factory.reset()


def test_pins_without_a_computer_that_has_them_are_a_thing_to_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    told = doctor(tmp_path, wired(Config()))[1]["buttons"]
    assert told.startswith("FIX  buttons: the settings put buttons on pins, which needs gpiozero")


def test_an_unknown_benchmark_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "warp-drive"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: there is no benchmark 'warp-drive'. Choose from: ")
    assert "train-to-live" in told
    assert "head" in told


def test_without_a_checkout_an_unknown_benchmark_is_answered_with_where_more_are(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkUnavailable) as refused:
        run_bench(["head"], print, folder=tmp_path / "benchmarks")
    assert str(refused.value) == (
        "there is no benchmark 'head'. Choose from: screen, train-to-live. More come with a clone of the project."
    )


def test_a_column_that_does_not_speak_for_itself_is_explained_before_the_figures(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for topic in ("screen", "head"):
        (tmp_path / f"{topic}.py").write_text("print('figures', flush=True)")
    run_bench(["screen", "head"], partial(print, flush=True), folder=tmp_path)
    assert capfd.readouterr().out.splitlines() == [
        "# screen",
        "# share of a tick: 1.00 is all the time of one frame at 60 Hz; for a part, all of drawing",
        "figures",
        "# head",
        "figures",
    ]


def test_columns_are_explained_as_the_benchmarks_call_them() -> None:
    for topic, told in COLUMNS.items():
        assert told.split(":")[0] in getsource(import_module(f"app.commands.bench.{topic}"))
