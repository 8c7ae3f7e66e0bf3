"""SAVE on real file systems: whole, durable, read back; full, write-protected, failing and pulled drives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from app.base.buttons import Action
from app.base.ports import Drive
from app.core.events import DrivesChanged, Event, SavingAdvanced, SavingFinished, SavingStage, SavingStarted
from app.core.state import Mode
from app.jobs.save import save_model
from app.model.export_folder import EXPORT_FOLDER
from app.model.verified_folder import CHECKSUMS
from app.views.saving import saving
from app.views.words import Translator
from tests.support.disks import Disk, Sticks, run
from tests.support.kiosks import Station

pytestmark = pytest.mark.needs_runtime

RNG = np.random.default_rng(5)
FILES = {"model.tflite": RNG.bytes(300_000), "samples/0_äpfel/001.jpg": RNG.bytes(20_000), "README.txt": b"hello\n"}
SUMMED = {**FILES, CHECKSUMS: b"".join(f"{hashlib.sha256(d).hexdigest()}  {n}\n".encode() for n, d in FILES.items())}
NO_FOLDER = "teachable on the drive is no folder: rename it on a computer, or use another drive."


@pytest.fixture
def station(tmp_path: Path, socket: Sticks) -> Iterator[Station]:
    station = Station(tmp_path, drives=socket.drives)
    yield station
    station.close()


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Station]:
    """A station whose drives are named by the test: FUSE mounts images, which are no block devices."""
    station = Station(tmp_path / "kiosk")
    yield station
    station.close()


def trained(station: Station) -> Station:
    station.teach()
    station.press(Action.TRAIN)
    assert station.kiosk.state.mode is Mode.LIVE
    return station


def save(station: Station, listen: Callable[[object], None], drive: Drive | None = None) -> None:
    """Press SAVE; `listen` hears every event at the moment it is told."""

    def announce(event: Event) -> None:
        listen(event)
        station.kiosk.events.put(event)

    station.panel.tap(Action.SAVE)
    station.kiosk.tick()
    station.kiosk.long_jobs.get_nowait()
    save_model(station.tools, announce, lambda _fraction: None, drive)
    station.settle()


def notice(station: Station) -> str:
    assert station.kiosk.state.notice is not None
    return str(station.kiosk.state.notice.text)


def told(station: Station) -> tuple[str, str]:
    """Where it was saved to, and what follows, as the screen says it."""
    shown = saving(station.kiosk.state, Translator("en"))
    assert shown is not None
    return shown.where, shown.text


def exports(disk: Disk) -> list[str]:
    """What is in the folder of exports, half-written ones too."""
    folder = disk.path / EXPORT_FOLDER
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("rots", [SavingStage.WRITE, SavingStage.NAME])
@pytest.mark.parametrize("kind", ["ext4", "exfat"])
def test_a_byte_that_changes_on_the_medium_is_noticed(
    station: Station, socket: Sticks, kind: str, rots: SavingStage
) -> None:
    """Before the folder has its name, and afterwards. The kernel keeps the right bytes: only the medium can tell."""
    disk = socket.plug_in(kind)
    trained(station)
    model = station.vision.model
    assert model is not None
    needle = model.path.read_bytes()[100_000:100_032]

    def rot(event: object) -> None:
        if event == SavingAdvanced(rots, True):
            at = disk.image.read_bytes().index(needle)
            with disk.image.open("r+b") as medium:
                medium.seek(at)
                medium.write(bytes(32))

    save(station, rot)
    assert notice(station) == (
        "converted_tflite_quantized/model.tflite reads back changed: the drive is failing. Use another drive."
    )
    assert exports(disk) == []


def test_a_drive_pulled_in_the_middle_is_told_and_the_next_one_is_used(station: Station, socket: Sticks) -> None:
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    trained(station)
    save(station, pull_at(first, SavingStage.WRITE))
    saved = station.kiosk.saved_to
    assert saved is not None
    assert saved.is_relative_to(second.path / EXPORT_FOLDER)
    assert list(first.path.iterdir()) == []
    assert exports(second) == [saved.name]


@pytest.mark.parametrize("stage", [SavingStage.WRITE, SavingStage.READ_BACK, SavingStage.NAME])
def test_the_only_drive_pulled_in_the_middle_is_told_in_one_line(
    station: Station, socket: Sticks, stage: SavingStage
) -> None:
    disk = socket.plug_in()
    trained(station)
    save(station, pull_at(disk, stage))
    assert notice(station) == ("the drive STICK was pulled too early. Plug it in again, then press SAVE again.")
    assert station.kiosk.saved_to is None
    assert station.kiosk.state.mode is Mode.LIVE
    assert list(disk.path.iterdir()) == []
    assert not (station.folder / "export").exists()


def pull_at(disk: Disk, stage: SavingStage) -> Callable[[object], None]:
    """Pull the drive when this stage begins."""

    def listen(event: object) -> None:
        if event == SavingAdvanced(stage, False) and disk.device:
            disk.pull()

    return listen


def test_a_drive_that_was_pulled_is_missed_though_another_one_is_in_its_place(station: Station, socket: Sticks) -> None:
    pulled, other = socket.plug_in(label="A"), socket.plug_in(label="B", mounted=False)
    trained(station)

    def swap(event: object) -> None:
        if event == SavingAdvanced(SavingStage.WRITE, False) and pulled.device:
            pulled.pull()
            run("mount", other.device, pulled.path)

    chosen = socket.drives.present()[0]
    save(station, swap, chosen)
    assert notice(station) == "the drive A was pulled too early. Plug it in again, then press SAVE again."
    assert station.kiosk.saved_to is None
    assert exports(pulled) == []  # of what is mounted there now


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_on_the_drive_leads_no_save_away(table: Station, tmp_path: Path, is_there: bool) -> None:
    stick, elsewhere = tmp_path / "stick", tmp_path / "elsewhere"
    stick.mkdir()
    if is_there:
        elsewhere.mkdir()
    (stick / EXPORT_FOLDER).symlink_to(elsewhere)
    table.drives.insert("STICK", stick)
    trained(table).press(Action.SAVE)
    assert notice(table) == NO_FOLDER
    assert table.kiosk.saved_to is None
    assert not elsewhere.exists() or list(elsewhere.iterdir()) == []


def test_a_file_in_the_way_is_named_and_left_alone(table: Station, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / EXPORT_FOLDER).write_text("a visitor's")
    table.drives.insert("STICK", stick)
    trained(table).press(Action.SAVE)
    assert notice(table) == NO_FOLDER
    assert (stick / EXPORT_FOLDER).read_text() == "a visitor's"


def test_a_drive_that_runs_full_in_the_middle_is_told_and_left_clean(station: Station, socket: Sticks) -> None:
    disk = socket.plug_in()
    trained(station)
    free: list[int] = []

    def fill(event: object) -> None:
        if event == SavingAdvanced(SavingStage.WRITE, False) and not free:
            disk.fill_up(leave_bytes=200_000)
            free.append(1)

    save(station, fill)
    assert notice(station) == (
        f"the model could not be saved to {disk.path}/teachable: No space left on device. "
        "The drive is full: use one with more room, then save again."
    )
    assert exports(disk) == []


def test_a_drive_without_room_is_not_even_begun(station: Station, socket: Sticks) -> None:
    disk = socket.plug_in()
    disk.fill_up(leave_bytes=100_000)
    trained(station)
    station.press(Action.SAVE)
    assert notice(station).startswith(f"the model could not be saved to {disk.path}/teachable: it needs ")
    assert notice(station).endswith(" MB are free. The drive is full: use one with more room, then save again.")
    assert not (disk.path / EXPORT_FOLDER).exists()


def test_a_write_protected_drive_is_told_so_and_passed_over(station: Station, socket: Sticks) -> None:
    locked, free = socket.plug_in(label="A"), socket.plug_in(label="B")
    locked.write_protect()
    assert [(drive.name, drive.read_only) for drive in socket.drives.present()] == [("A", True), ("B", False)]
    trained(station)
    station.press(Action.SAVE)
    assert station.kiosk.saved_to is not None
    assert station.kiosk.saved_to.is_relative_to(free.path)


def test_of_two_drives_the_first_is_used_and_the_screen_says_which(station: Station, socket: Sticks) -> None:
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    trained(station)
    heard: list[object] = []
    save(station, heard.append)
    saved = station.kiosk.saved_to
    assert exports(second) == []
    assert saved is not None
    assert exports(first) == [saved.name]
    steps = [event for event in heard if isinstance(event, SavingStarted | SavingAdvanced | SavingFinished)]
    assert steps[:-1] == [
        SavingStarted("A", saved), *(SavingAdvanced(stage, done) for stage in SavingStage for done in (False, True))
    ]  # fmt: skip
    assert isinstance(steps[-1], SavingFinished)
    assert (steps[-1].drive, steps[-1].note) == ("A", "")
    assert told(station) == (f"On the drive A: {saved}", "You may pull the drive out now.")


def test_the_chosen_drive_takes_it_though_it_is_not_the_first(station: Station, socket: Sticks) -> None:
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    trained(station)
    station.kiosk.events.put(drives_now(socket))
    station.panel.tap(Action.SAVE)
    station.settle()
    assert station.kiosk.state.mode is Mode.CHOOSE_DRIVE
    station.now_s += 1.0
    station.kiosk.tick()
    station.panel.tap(1)
    station.settle()
    saved = station.kiosk.saved_to
    assert saved is not None
    assert (exports(first), exports(second)) == ([], [saved.name])
    assert told(station) == (f"On the drive B: {saved}", "You may pull the drive out now.")


def test_a_chosen_drive_that_fails_gives_way_to_no_other(station: Station, socket: Sticks) -> None:
    """The other one may be a stranger's."""
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    trained(station)
    chosen = socket.drives.present()[1]
    save(station, pull_at(second, SavingStage.WRITE), chosen)
    assert notice(station) == "the drive B was pulled too early. Plug it in again, then press SAVE again."
    assert exports(first) == []
    save(station, lambda _event: None, chosen)  # gone before it began
    assert notice(station) == "the drive B was pulled too early. Plug it in again, then press SAVE again."
    assert exports(first) == []
    assert not (station.folder / "export").exists()


def drives_now(socket: Sticks) -> DrivesChanged:
    """What the drive worker tells of these."""
    present = socket.drives.present()
    return DrivesChanged(present)


def test_the_room_the_kind_and_the_name_of_a_drive_are_known(socket: Sticks) -> None:
    disk = socket.plug_in("ext4", "HOLIDAY", 24)
    (drive,) = socket.drives.present()
    told = run("df", "--output=avail,size", "-B1", disk.path).splitlines()[1].split()
    assert (drive.name, drive.filesystem, drive.device) == ("HOLIDAY", "ext4", disk.device)
    assert [drive.free_bytes, drive.total_bytes] == [int(figure) for figure in told]


def test_a_large_stick_as_shops_sell_it_takes_the_whole_folder(station: Station, socket: Sticks) -> None:
    """exFAT, checked by its own fsck and read again after it was mounted anew."""
    disk = socket.plug_in("exfat", size_mb=40)
    trained(station).press(Action.SAVE)
    (name,) = exports(disk)
    assert told(station)[1] == "You may pull the drive out now."
    disk.unmount()
    run("fsck.exfat", "-n", disk.device)
    disk.mount()
    run("sh", "-c", f"cd '{disk.path / EXPORT_FOLDER / name}' && sha256sum --strict -c {CHECKSUMS}")


def test_a_driver_that_loses_files_is_noticed(table: Station, socket: Sticks) -> None:
    """FUSE's FAT forgets what is in a folder once that is renamed."""
    disk = socket.plug_in("fat", size_mb=40)
    table.drives.insert("STICK", disk.path)
    trained(table).press(Action.SAVE)
    assert notice(table) == (
        "converted_tflite_quantized/model.tflite reads back changed: the drive is failing. Use another drive."
    )
    assert table.kiosk.saved_to is None
    assert exports(disk) == []


def test_a_volume_that_refuses_letters_gets_plain_ones(tmp_path: Path, socket: Sticks) -> None:
    """FUSE's FAT takes only ASCII names, as the kernel's does where it was mounted with a narrow character set."""
    disk = socket.plug_in("fat", size_mb=40)
    station = Station(tmp_path / "kiosk", labels=("Äpfel", "Tasse", "Ente"), save_pictures=True)
    station.drives.insert("STICK", disk.path)
    trained(station)
    heard: list[object] = []
    save(station, heard.append)
    station.close()
    tried = [event.folder.name for event in heard if isinstance(event, SavingStarted)]
    assert [name[16:] for name in tried] == ["Äpfel_Tasse", "Apfel_Tasse"]
    assert SavingAdvanced(SavingStage.NAME, True) in heard  # what FUSE loses then is another test's


def test_the_date_in_the_name_is_of_the_wall_clock(station: Station, socket: Sticks) -> None:
    disk = socket.plug_in()
    before = datetime.now()
    trained(station).press(Action.SAVE)
    (name,) = exports(disk)
    written = datetime.strptime(name[:15], "%Y-%m-%d_%H%M")
    assert before.replace(second=0, microsecond=0) <= written <= datetime.now()


def test_without_a_drive_it_is_kept_on_this_machine_and_the_screen_shows_no_stick(table: Station) -> None:
    trained(table).press(Action.SAVE)
    shown = saving(table.kiosk.state, Translator("en"))
    assert shown is not None
    told = "It is on this machine: ask staff for it, or plug in a drive and press SAVE again."
    assert (shown.onto_drive, shown.text) == (False, told)
    assert shown.where == str(table.kiosk.saved_to)
