"""Complete visits with buttons on pins only; the saved model then works in an environment without the kiosk."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin
from PIL import Image

from app.base.buttons import Action, Button, ClassName, LetterKey
from app.compose import compose
from app.config.schema import ButtonSettings, Config
from app.core.events import DrivesChanged
from app.core.modes.cursor import current_target, targets
from app.core.state import Mode
from tests.support.disks import sticks
from tests.support.environments import clean_environment
from tests.support.kiosks import LABELS
from tests.support.pins import BUTTON_PINS, LAMP_PINS, Box, box, wired

VIEWS = 4


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Box]:
    with box(tmp_path) as made:
        yield made


def test_a_visit_with_pins_saves_a_model_to_a_drive_that_works_elsewhere(tmp_path: Path) -> None:
    with sticks(tmp_path / "usb") as socket, box(tmp_path, socket.drives) as panel:
        drive = socket.plug_in("ext4").path
        saved = visit(panel)
        assert saved.is_relative_to(drive)
        assert os.path.ismount(drive)
        answers_elsewhere(panel, saved, tmp_path)


def test_a_visit_with_pins_saves_to_a_folder_if_nothing_can_be_mounted(panel: Box, tmp_path: Path) -> None:
    drive = tmp_path / "stick"
    drive.mkdir()
    panel.station.drives.insert("STICK", drive)
    assert visit(panel).is_relative_to(drive)


def test_pins_choose_the_second_of_two_drives(tmp_path: Path) -> None:
    with sticks(tmp_path / "usb") as socket, box(tmp_path, socket.drives) as panel:
        first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
        station = panel.station
        station.teach()
        station.press(Action.TRAIN)
        present = socket.drives.present()
        station.kiosk.events.put(DrivesChanged(present))
        panel.wait(0.2)
        panel.hold(Action.SAVE, 0.1)
        assert station.kiosk.state.mode is Mode.CHOOSE_DRIVE
        assert [panel.lit(one) for one in (0, 1, 2)] == [1.0, 1.0, 0.0]
        panel.wait(1.0)
        panel.hold(1, 0.1)
        panel.wait_until(lambda: station.kiosk.saved_to is not None)
        assert station.kiosk.saved_to is not None
        assert station.kiosk.saved_to.is_relative_to(second.path)
        assert list(first.path.glob("teachable/*")) == []


def test_pins_rename_a_class_on_the_staff_pages(panel: Box) -> None:
    station = panel.station
    panel.wait(0.2)
    panel.press(Action.RESET)
    panel.wait(0.1)
    panel.press(Action.UNDO)
    panel.wait(station.config.staff.hold_s + 0.2)
    panel.release(Action.RESET)
    panel.release(Action.UNDO)
    panel.wait(0.2)
    assert station.kiosk.state.mode is Mode.STAFF

    def led_to(wanted: Button) -> None:
        for _ in targets(station.kiosk.state):
            if current_target(station.kiosk.state) == wanted:
                return
            panel.hold(1, 0.1)
        pytest.fail(f"{wanted} is never reached")

    led_to(ClassName(0))
    panel.hold(Action.TRAIN, 0.1)
    for _ in LABELS[0]:
        panel.hold(Action.UNDO, 0.1)
    for letter in "ox":
        led_to(LetterKey(letter))
        panel.hold(Action.TRAIN, 0.1)
    panel.hold(Action.SAVE, 0.1)
    panel.hold(Action.RESET, 0.1)
    assert station.kiosk.state.mode is Mode.TEACH
    assert station.kiosk.state.labels[0] == "Ox"


def visit(panel: Box) -> Path:
    """Teach, train, recognise and save; returns the saved folder."""
    station = panel.station

    # teach: the lamps show which button is next, and sparks on the wires teach nothing
    for index, label in enumerate(LABELS):
        station.table.show(label)
        if index < 2:
            assert panel.breathing() == [index]
        panel.spark(index)
        assert station.kiosk.state.shots[index] == 0
        for _ in range(4):
            station.table.new_view()
            panel.hold(index, 0.08)  # a tap: one picture
        assert station.kiosk.state.shots[index] == 4
        for _ in range(4):
            station.table.new_view()
            panel.hold(index, 0.7)
        assert station.kiosk.state.shots[index] >= 8
    taught = station.kiosk.state.shots

    # train: a button that is held meanwhile takes no samples, also not afterwards
    assert panel.breathing() == [Action.TRAIN]
    panel.working = False
    panel.hold(Action.TRAIN, 0.1)
    assert station.kiosk.state.mode is Mode.TRAINING
    assert all(panel.lit(button) == 0 for button in (0, 1, 2, Action.TRAIN, Action.SAVE))
    panel.press(0)
    panel.wait(0.5)
    panel.working = True
    panel.wait_until(lambda: station.kiosk.state.mode is Mode.LIVE)
    panel.wait(1.0)
    panel.release(0)
    panel.wait(0.2)
    assert station.kiosk.state.shots == taught

    # recognise: the lamp of the thing on the table is lit
    for index, label in enumerate(LABELS):
        station.table.show(label)
        station.table.new_view()
        panel.wait(2.0)
        assert [panel.lit(one) == 1.0 for one in range(3)] == [one == index for one in range(3)]

    # save
    panel.hold(Action.SAVE, 0.1)
    panel.wait_until(lambda: station.kiosk.saved_to is not None)
    saved = station.kiosk.saved_to
    assert saved is not None
    return saved


def answers_elsewhere(panel: Box, saved: Path, tmp_path: Path) -> None:
    """Classify new pictures with the script in the saved folder, with only LiteRT, numpy and Pillow installed."""
    station, pictures = panel.station, []
    for label in LABELS:
        for number in range(VIEWS):
            station.table.show(label)
            station.table.new_view()
            pictures.append(tmp_path / f"{label}-{number}.png")
            Image.fromarray(station.table.read()).save(pictures[-1])
    python = clean_environment(tmp_path / "elsewhere", "ai-edge-litert", "numpy", "pillow")
    for module in ("cv2", "pygame", "gpiozero", "app"):
        assert subprocess.run([python, "-I", "-c", f"import {module}"], capture_output=True, check=False).returncode
    done = subprocess.run(
        [python, "-I", saved / "classify.py", *pictures],
        cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer_form = re.compile(r".*/(\w+)-\d\.png: (not sure|\w+)(?: \(\w+)?: \d+\.\d %\)?")
    answers = [answer_form.fullmatch(line) for line in done.stdout.splitlines()]
    assert [answer[1] for answer in answers if answer] == [label for label in LABELS for _ in range(VIEWS)]
    assert all(answer[2] in (answer[1], "not sure") for answer in answers if answer)
    assert sum(answer[1] == answer[2] for answer in answers if answer) >= len(pictures) - 1


def test_of_two_held_buttons_only_the_first_counts(panel: Box) -> None:
    panel.wait(0.2)
    panel.press(1)
    panel.wait(0.2)
    panel.press(0)
    panel.wait(1.0)
    panel.release(1)
    panel.wait(0.5)
    panel.release(0)
    panel.wait(0.2)
    shots = panel.station.kiosk.state.shots
    assert shots[0] == 0
    assert shots[1] > 3


def test_of_two_buttons_at_the_same_moment_one_counts(panel: Box) -> None:
    panel.wait(0.2)
    panel.press(1)
    panel.press(0)
    panel.wait(0.2)
    panel.release(1)
    panel.release(0)
    panel.wait(0.2)
    assert sum(panel.station.kiosk.state.shots) == 1


def test_a_stuck_button_stops_teaching_and_the_others_still_work(tmp_path: Path) -> None:
    with box(tmp_path, settings=Config(buttons=ButtonSettings(stuck_after_s=5.0))) as panel:
        panel.wait(0.2)
        panel.press(0)
        panel.wait(4.5)
        assert panel.station.kiosk.state.inputs.stuck == ()
        panel.wait(1)
        state = panel.station.kiosk.state
        assert state.inputs.stuck == ("gpio:17",)
        assert state.held is None
        before = state.shots
        panel.wait(1)
        panel.hold(1, 0.1)
        panel.hold(Action.UNDO, 0.1)
        after = panel.station.kiosk.state.shots
        assert after == before
        panel.release(0)
        panel.wait(0.2)
        panel.hold(0, 0.1)
        assert panel.station.kiosk.state.shots[0] == before[0] + 1
        assert panel.station.kiosk.state.inputs.stuck == ()


def test_reset_needs_two_presses_with_a_pause_between(panel: Box) -> None:
    panel.wait(0.2)
    panel.hold(0, 0.1)
    panel.hold(Action.RESET, 0.1)
    assert panel.lit(Action.RESET) == 1.0
    panel.hold(0, 0.1)  # any other button keeps what there is
    assert panel.station.kiosk.state.shots == (1, 0, 0)
    panel.hold(Action.RESET, 0.1)
    panel.wait(1.0)
    panel.hold(Action.RESET, 0.1)
    assert panel.station.kiosk.state.shots == (0, 0, 0)


def test_the_whole_kiosk_reads_its_pins_and_lights_its_lamps(tmp_path: Path) -> None:
    factory = Device.pin_factory = MockFactory(pin_class=MockPWMPin)
    settings = wired(Config())
    config = replace(
        settings,
        camera=replace(settings.camera, source="demo"),
        storage=replace(settings.storage, data_dir=str(tmp_path / "data"), export_dir=str(tmp_path / "export")),
    )
    button, lamp = factory.pin(f"GPIO{BUTTON_PINS[1]}"), factory.pin(f"GPIO{LAMP_PINS[1]}")
    try:
        with compose(config, headless=True) as composed:

            def run_until(true: Callable[[], bool]) -> None:
                until_s = time.monotonic() + 100
                while not true():
                    assert time.monotonic() < until_s, "waited without success"
                    composed.loop.tick()
                    time.sleep(0.01)

            kiosk = composed.kiosk
            run_until(lambda: kiosk.state.camera is not None and kiosk.shown is not None)
            assert lamp.state > 0
            finger = threading.Thread(target=button.drive_low)
            finger.start()
            finger.join()
            run_until(lambda: kiosk.state.shots[1] == 1)
            assert lamp.state == 1.0
            button.drive_high()
            run_until(lambda: lamp.state < 1.0)
        assert (lamp.state, lamp.function, button.when_changed) == (0.0, "input", None)
    finally:
        Device.pin_factory = None
        factory.reset()
