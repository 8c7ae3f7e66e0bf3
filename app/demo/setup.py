"""Sets up the demonstration: settings of its own, and the scripted visitor with a simulated panel."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.config.schema import Config
from app.demo.camera import DemonstrationCamera
from app.demo.simulated import SimulatedClock, SimulatedDrives, SimulatedPanel
from app.demo.tour import PIN
from app.demo.visitor import CLASSES, ScriptedVisitor
from app.kiosk import Kiosk
from app.ui.window import Window

IDLE_AFTER_S = 1800.0
"""So long may the visitor only watch: under emulation 72 answers take minutes, and the kiosk shall not think that the
visitor has left. The visit skips this time at its end."""


@dataclass(frozen=True)
class Demo:
    """The demonstration: a scripted visitor with simulated devices.

    Attributes:
        out: The folder for screenshots, and for the export if the settings name none.
        data_dir: Where its session is stored; None for a temporary folder.
        table: The demonstration camera.
        clock: Can skip time, so that the end of a visit comes at once.
    """

    out: Path
    data_dir: Path | None
    table: DemonstrationCamera
    clock: SimulatedClock = field(default_factory=SimulatedClock)


def demo_config(config: Config, demo: Demo, stack: ExitStack) -> Config:
    """Return settings for the demonstration, which leaves nothing in the data of a real kiosk."""
    data_dir = demo.data_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-demo-"))
    export_dir = config.storage.export_dir or str(demo.out)
    return replace(
        config,
        classes=replace(config.classes, labels=tuple(DemonstrationCamera.kinds[:CLASSES]), target_shots=12),
        camera=replace(config.camera, mirror=False),
        idle=replace(config.idle, after_s=max(config.idle.after_s, IDLE_AFTER_S)),
        screen=replace(config.screen, fullscreen=False),
        storage=replace(config.storage, data_dir=str(data_dir), export_dir=export_dir),
        staff=replace(config.staff, pin=PIN),
    )


def scripted_visitor(demo: Demo, kiosk: Kiosk, window: Window, _drives: SimulatedDrives) -> ScriptedVisitor:
    """Create the visitor, who presses a simulated panel and takes screenshots of the window."""

    def take_screenshot(name: str) -> Path:
        path = demo.out / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        window.screenshot(path)
        return path

    panel = SimulatedPanel(kiosk.events.put)
    return ScriptedVisitor(
        kiosk, panel, demo.table, clock=demo.clock, take_screenshot=take_screenshot, skip=demo.clock.skip
    )
