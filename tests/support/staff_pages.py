"""States with an open staff page that has as much on it as there can be, and the longest values."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from app.base.buttons import StaffPage
from app.base.i18n import message
from app.base.ports import Drive, UnmountedDrive
from app.core import events as ev
from app.core.facts import FoundLesson
from app.core.pages import StaffState
from app.core.presses import Contact, Down, Inputs
from app.core.state import KioskState
from app.importing.lessons import find_lessons
from app.jobs.machine_info import drive_lines

SOURCE = "/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_5F3A91CF-video-index0"
CAMERA = f"Logitech HD Pro Webcam C920 ({SOURCE})"
FOLDER = "/srv/ausstellung/teachable-machine/öffentlich/gespeicherte-modelle"
CONTACT = "Çağla Büyükkılıç-Œuvrard, Werkstatt im Erdgeschoss, +49 30 1234567-89"
LONGEST_NAME = "ŒUVRESÀÉÈÊÇĞİŞÑÜÖÄMWMWMW"
"""24 wide letters with accents: the most that can be typed."""
STICK = Drive("Schraubenzieherkasten der Werkstatt", Path("/media/kiosk/1"), 812 << 20, False, "ext4")
KEPT = tuple((f"2026-11-{day:02}_14-12-{day:02}_{day:04}", f"{day}.4 MiB") for day in range(1, 8))


@lru_cache(maxsize=1)
def included_lessons() -> tuple[FoundLesson, ...]:
    """The lessons that come with the kiosk."""
    return find_lessons(Path("/nowhere"), ())[0]


def staff_pages(state: KioskState) -> dict[str, KioskState]:
    """The state with each staff page open, by the name of the page; without a PIN if it has none."""
    return {page.value: staff_page(state, page) for page in StaffPage}


def staff_page(state: KioskState, page: StaffPage) -> KioskState:
    """The state with a staff page open."""
    damaged = message("its file system is damaged or unknown here. Repair it on a computer, or format it.")
    lines = drive_lines((STICK,), (UnmountedDrive("KATJA", "/dev/sdb1", damaged),))
    free = (
        (message("Free on the disk"), "128 MiB", True),
        (message("Free memory"), "1.2 GiB", False),
        (message("Temperature"), "83 °C", True),
        (message("Versions"), "Python 3.11.2, teachable-kiosk 1.0, ai-edge-litert 1.2.0, numpy 1.26.4", False),
    )
    system = ev.SystemLooked(
        cameras=(SOURCE, "/dev/video2"),
        archive=KEPT,
        lines=(*free, *lines, (message("Last fault"), "14:12 the camera has stopped: it was unplugged", True)),
        saved=tuple(range(17, 0, -1)),
        starter_waits=True,
        starters=("own", f"{FOLDER}/starter"),
    )
    lessons = included_lessons()
    config = state.config
    config = replace(
        config,
        camera=replace(config.camera, source=SOURCE),
        staff=replace(config.staff, contact=CONTACT),
        storage=replace(config.storage, export_dir=FOLDER),
        idle=replace(config.idle, starter=f"{FOLDER}/starter"),
    )
    # Button 2 is down, a pin is stuck, another one has a loose wire, and a key is pressed that means nothing.
    down = {"key:2": Down(1, 90.0), "gpio:27": Down(None, 10.0, stuck=True), "key:f9": Down(None, 99.0)}
    loose = Contact(level=True, since_s=state.now_s, unstable_since_s=state.now_s - 20, ghosts=12, bounces=90)
    return replace(
        state,
        config=config,
        camera=CAMERA,
        inputs=Inputs(down=down, contacts={"gpio:17": loose}),
        lesson=lessons[0].lesson,
        kept_lesson=lessons[0].lesson,
        start_problems=(
            message("“{name}” takes a number from {least} to {most}", name="sample_interval_s", least=0.05, most=10),
        ),
        backend=ev.BackendChanged(
            message("CPU – the Edge TPU does not answer"), message("The Edge TPU was unplugged."), device="cpu"
        ),
        staff=StaffState(
            inside=True,
            page=page,
            system=system,
            lessons=(*lessons, FoundLesson(replace(lessons[1].lesson, key="drive"), STICK.name)),
            lesson_problems=(message("{file} is not valid TOML.", file="lessons/erste-stunde/lesson.toml"),),
        ),
    )
