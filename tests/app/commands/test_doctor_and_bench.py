"""`doctor` reports what is missing and how to fix it; `bench` runs benchmarks by name."""

from __future__ import annotations

import os
import re
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
from app.base.paths import import_folder
from app.commands.bench import COLUMNS, run_bench
from app.commands.doctor import run_doctor
from app.config.schema import AcceleratorSettings, Config
from app.devices.drive import LEFT_TO_THE_SYSTEM
from app.devices.udisks import UDisks
from app.model.saved_folder import page_engine
from learning import SoftmaxRegression, append_head
from run_kiosk import main
from tests.support.disks import sticks
from tests.support.edge_tpu.stick import SimulatedStick
from tests.support.extractors import tiny_extractor
from tests.support.pictures import painted
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


def test_doctor_checks_everything_that_a_kiosk_uses(tmp_path: Path) -> None:
    fine, lines = doctor(tmp_path / "not" / "made" / "yet")
    assert fine is all(line.startswith("ok   ") for line in lines.values())
    parts = {"model", "guard", "page", "disk", "display", "camera", "accelerator", "buttons", "drives"}
    assert set(lines) == parts
    assert lines["model"].startswith("ok  ")
    assert "kiosk_extractor on litert" in lines["model"]
    assert not (tmp_path / "not").exists()


def test_a_missing_engine_of_the_page_is_reported_with_the_command_that_fetches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_engine, "FOLDER", tmp_path / "not fetched")
    fine, lines = doctor(tmp_path)
    assert not fine
    assert lines["page"] == (
        "FIX  page: saved folders lack open_me.html, because its engine was not fetched. With a network, run: "
        f"{sys.executable} {page_engine.FETCH}"
    )


@pytest.mark.parametrize(
    ("mode", "content", "line"),
    [
        (0o600, "a key that nobody else knows", "ok   starter: new ones must be signed with the key in {path}"),
        (
            0o644,
            "a key that nobody else knows",
            "FIX  starter: others can read or change the key file {path}. Forbid it: chmod 600 {path}.",
        ),
        (
            0o600,
            "short",
            "FIX  starter: the key in {path} is shorter than 16 bytes. "
            "Make one: (umask 077; head -c 32 /dev/urandom | base64 > FILE).",
        ),
        (
            0o600,
            None,
            "FIX  starter: cannot read the key file {path}: No such file or directory. "
            "Make one: (umask 077; head -c 32 /dev/urandom | base64 > FILE).",
        ),
    ],
    ids=["good", "readable", "short", "missing"],
)
def test_the_key_of_starters_is_checked_and_not_shown(
    tmp_path: Path, mode: int, content: str | None, line: str
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    fine, lines = doctor(tmp_path, replace(Config(), idle=replace(Config().idle, starter_key_file=str(path))))
    assert lines["starter"] == line.format(path=path)
    assert not fine or line.startswith("ok")
    assert content is None or content not in "".join(lines.values()).replace("shorter", "")


def test_a_missing_display_must_be_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    fine, lines = doctor(tmp_path)
    assert not fine
    assert lines["display"] == "FIX  display: none. Start the kiosk from a desktop session, or with --headless."


def test_the_exit_code_says_whether_anything_must_be_fixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    command = ["doctor", "--camera", "demo", "--data-dir", str(tmp_path)]
    code = main(command)
    assert code == int("FIX " in capsys.readouterr().out)
    assert main([*command, "--extractor", str(tmp_path / "none.tflite")]) == 1
    assert "FIX  model: " in capsys.readouterr().out


def test_a_finished_classifier_is_no_extractor_for_doctor_train_and_the_kiosk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    classifier = tmp_path / "classifier.tflite"
    head = SoftmaxRegression(6, 2, rng=0)
    head.min_score, head.max_score = -1.0, 1.0
    classifier.write_bytes(append_head(tiny_extractor(), head))
    error = (
        f"the embedding extractor {classifier} cannot be used: the model is a finished classifier. "
        "Use an embedding extractor: one picture in, one vector out, no classifier."
    )
    settings = replace(Config(), model=replace(Config().model, extractor=str(classifier)))
    assert doctor(tmp_path, settings)[1]["model"] == f"FIX  model: {error}"
    data, named = tmp_path / "data", ["--extractor", str(classifier)]
    assert main(["--headless", "--camera", "demo", "--data-dir", str(data), *named]) == 1
    assert capsys.readouterr().err == f"error: {error}\n"
    assert {path.name for path in data.iterdir()} == {"incidents", "kiosk.lock"}  # no session was touched
    assert main(["train", str(painted(tmp_path / "pictures")), "--out", str(tmp_path / "out"), *named]) == 1
    assert capsys.readouterr() == ("", f"error: {error}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["file", "file/folder", "/proc/folder"])
def test_an_export_directory_that_cannot_be_written_is_reported_by_doctor_and_the_kiosk(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    export = tmp_path / place
    reason = "that place takes no folders" if place.startswith("/proc") else "Not a directory"
    error = f"cannot write to the export directory {export}: {reason}. Name another folder with --export-dir."
    settings = replace(Config(), storage=replace(Config().storage, export_dir=str(export)))
    assert doctor(tmp_path, settings)[1]["disk"] == f"FIX  disk: {error}"
    arguments = ["--headless", "--camera", "demo", "--data-dir", str(tmp_path / "data")]
    assert main([*arguments, "--export-dir", str(export)]) == 1
    assert capsys.readouterr().err == f"error: {error}\n"


def test_a_data_directory_that_cannot_be_written_must_be_fixed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert doctor(tmp_path / "file")[1]["disk"] == (
        f"FIX  disk: cannot write to {tmp_path / 'file'}: Not a directory. Name another folder with --data-dir."
    )


def test_an_unmounted_drive_must_be_fixed_only_if_udisks_does_not_run(tmp_path: Path) -> None:
    with sticks(tmp_path / "usb") as socket, private_bus(tmp_path) as bus:
        disk = socket.plug_in(mounted=False)
        name = Path(disk.device).name

        def output() -> str:
            return doctor(tmp_path, mounted=socket.drives, udisks=UDisks(bus))[1]["drives"]

        assert output() == f"FIX  drives: {name} ({disk.device}): {LEFT_TO_THE_SYSTEM}"
        with udisks_service(bus, tmp_path / "media") as service:
            assert output() == f"ok   drives: {name} (not mounted; the kiosk will mount it with udisks2)"
            assert service.calls == []


def with_stick(stick: SimulatedStick, extractor: Path | None = None, **accelerator: str) -> Config:
    settings = Config(accelerator=AcceleratorSettings(**{"library": str(stick.library), **accelerator}))
    return replace(settings, model=replace(settings.model, extractor=str(extractor or ""), runtime="litert"))


def test_a_missing_old_or_broken_driver_is_reported_with_what_to_install(stick: SimulatedStick, tmp_path: Path) -> None:
    def output(library: str) -> str:
        return doctor(tmp_path, with_stick(stick, library=library), list_devices=stick.list)[1]["accelerator"]

    stick.plug_in()
    assert output(str(stick.library)) == "ok   accelerator: usb:0"
    assert output("libnowhere.so.1") == (
        "FIX  accelerator: usb:0: the Edge TPU driver is missing (libnowhere.so.1: cannot open shared object file: "
        f"No such file or directory): {INSTALL_DRIVER}."
    )
    source = 'const char *edgetpu_version(void) { return "TENSORFLOW_COMMIT=a4dfb8d1a713), RuntimeVersion(14)"; }'
    assert output(str(library(tmp_path / "google.so", source))) == f"FIX  accelerator: usb:0: {DriverMismatch()}"
    source = "#include <stdlib.h>\nconst char *edgetpu_version(void) { abort(); }"
    crashes = library(tmp_path / "crashes.so", source)
    assert output(str(crashes)) == (
        f"FIX  accelerator: usb:0: the Edge TPU driver {crashes} crashes when it is loaded: {INSTALL_DRIVER}."
    )


def library(path: Path, source: str) -> Path:
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", path, "-xc", "-"], input=source.encode(), check=True)
    return path


def test_doctor_runs_a_compiled_extractor_on_the_stick(stick: SimulatedStick, extractors: Path, tmp_path: Path) -> None:
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


def test_doctor_opens_the_pins_of_buttons_and_reports_those_that_read_as_pressed(tmp_path: Path) -> None:
    factory = Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    settings = wired(Config())
    pins = len(BUTTON_PINS)
    try:
        assert (
            doctor(tmp_path, settings)[1]["buttons"] == f"ok   buttons: keys, {pins} on pins; lamps: {len(LAMP_PINS)}"
        )
        opening = replace(settings, gpio=replace(settings.gpio, active="high"))
        output = doctor(tmp_path, opening)[1]["buttons"]
        assert output.startswith("FIX  buttons: gpio:17, gpio:27, ")
        assert output.endswith(
            " read as pressed. If nobody holds them, check the wiring, and gpio.pull and gpio.active in the settings."
        )
    finally:
        Device.pin_factory = None
        factory.reset()


def test_pins_on_a_computer_without_pins_must_be_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    output = doctor(tmp_path, wired(Config()))[1]["buttons"]
    assert output.startswith("FIX  buttons: the settings put buttons on pins, which needs gpiozero")


def test_the_error_for_an_unknown_benchmark_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "warp-drive"]) == 1
    output = capsys.readouterr().err
    assert output.startswith("error: unknown benchmark 'warp-drive'. Choose from: ")
    assert "train-to-live" in output
    assert "head" in output


def test_without_a_checkout_the_error_says_where_more_benchmarks_are(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkUnavailable) as refused:
        run_bench(["head"], print, folder=tmp_path / "benchmarks")
    assert str(refused.value) == (
        "unknown benchmark 'head'. Choose from: answers, growth, idle, pictures, pipeline, screen, start, "
        "train-to-live. A clone of the project contains more."
    )


def test_explanations_of_columns_come_before_the_figures(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for topic in ("screen", "head"):
        (tmp_path / f"{topic}.py").write_text("print('figures', flush=True)")
    run_bench(["screen", "head"], partial(print, flush=True), folder=tmp_path)
    assert capfd.readouterr().out.splitlines() == [
        "# screen",
        "# share of a tick: 1.00 is the whole time of one frame at 60 Hz; for a part, the whole drawing",
        "figures",
        "# head",
        "figures",
    ]


def test_explanations_use_the_column_names_of_the_benchmarks() -> None:
    for topic, output in COLUMNS.items():
        assert output.split(":")[0] in getsource(import_module(f"app.commands.bench.{topic}"))


def test_the_benchmark_of_fits_says_which_package_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn/__init__.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "benchmarks/fit.py", "--photos", "none"],
        cwd=import_folder(), env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1, "error: this benchmark compares with scikit-learn. Install it: pip install scikit-learn\n",
    )  # fmt: skip


def test_doctor_says_what_isolates_the_models_of_strangers(tmp_path: Path) -> None:
    line = doctor(tmp_path)[1]["guard"]
    form = r"ok   guard: strangers' models run apart \(limits((?:, [^,;]+)*)(?:; this system does not allow: (.+))?\)"
    inside = re.fullmatch(form, line)
    assert inside is not None, line
    named = [*inside[1].split(", ")[1:], *(inside[2] or "").split(", ")]
    assert sorted(filter(None, named)) == ["mount", "network", "pid", "system calls", "user"]
