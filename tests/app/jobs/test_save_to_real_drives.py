"""SAVE on real file systems: whole, durable, read back; full, write-protected, failing and pulled drives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from app.base.buttons import Action
from app.base.ports import Drive
from app.core.events import DrivesChanged, Event, SavingAdvanced, SavingFinished, SavingStage, SavingStarted
from app.core.state import Mode
from app.jobs.save import save_model
from app.model.saved_folder.facts import EXPORT_FOLDER
from app.model.saved_folder.verified_folder import CHECKSUMS
from app.views.saving import saving
from app.views.words import Translator
from tests.support.disks import Disk, Sticks, run
from tests.support.kiosks import Station, station_that_learns_fast

pytestmark = pytest.mark.needs_runtime


@pytest.fixture
def station(tmp_path: Path, socket: Sticks) -> Iterator[Station]:
    station = station_that_learns_fast(tmp_path, socket.drives)
    yield station
    station.close()


def save(station: Station, listen: Callable[[object], None], drive: Drive | None = None) -> None:
    """Press SAVE; `listen` receives every event at the moment when the job announces it."""

    def announce(event: Event) -> None:
        listen(event)
        station.kiosk.events.put(event)

    station.panel.tap(Action.SAVE)
    station.kiosk.tick()
    while station.kiosk.long_jobs.empty():  # SAVE follows the jobs of the session
        station.kiosk.session_jobs.get_nowait()(threading.Event())
        station.kiosk.session_jobs.task_done()
    station.kiosk.long_jobs.get_nowait()
    save_model(station.tools, announce, lambda _fraction: None, drive)
    station.settle()


def saved_message(station: Station) -> tuple[str, str]:
    """Return where the folder was saved, and what to do next, as the screen says it."""
    shown = saving(station.kiosk.state, Translator("en"))
    assert shown is not None
    return shown.where, shown.text


def as_read(folder: Path) -> str:
    """How the screen names a saved folder: as a file manager shows it."""
    return f"{EXPORT_FOLDER}\N{NO-BREAK SPACE}› {folder.name}"


def exports(disk: Disk) -> list[str]:
    """Return the names in the folder of exports, including half-written folders."""
    folder = disk.path / EXPORT_FOLDER
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def pull_at(disk: Disk, stage: SavingStage) -> Callable[[object], None]:
    """Pull the drive when this stage begins."""

    def listen(event: object) -> None:
        if event == SavingAdvanced(stage, False) and disk.device:
            disk.pull()

    return listen


def drives_now(socket: Sticks) -> DrivesChanged:
    """Return the event that the drive worker would announce."""
    present = socket.drives.present()
    return DrivesChanged(present)


@pytest.mark.parametrize("after", [SavingStage.WRITE, SavingStage.NAME])
@pytest.mark.parametrize("kind", ["ext4", "exfat"])
def test_a_byte_that_changes_on_the_medium_is_detected(
    station: Station, socket: Sticks, kind: str, after: SavingStage
) -> None:
    """Before and after the folder gets its name. The kernel's cache holds the right bytes; the medium does not."""
    disk = socket.plug_in(kind)
    station.train()
    model = station.vision.model
    assert model is not None
    whole = model.path.read_bytes()
    parts = (whole[start : start + 32] for start in range(0, len(whole), 32))
    needle = next(part for part in parts if len(set(part)) > 24)  # weights, which are nowhere else

    def corrupt(event: object) -> None:
        if event == SavingAdvanced(after, True):
            at = disk.image.read_bytes().index(needle)
            with disk.image.open("r+b") as medium:
                medium.seek(at)
                medium.write(bytes(32))

    save(station, corrupt)
    assert station.notice == (
        "converted_tflite_quantized/model.tflite reads back changed: the drive is failing. Use another drive."
    )
    assert exports(disk) == []


def test_if_a_drive_is_pulled_during_save_the_next_one_is_used(station: Station, socket: Sticks) -> None:
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    station.train()
    save(station, pull_at(first, SavingStage.WRITE))
    saved = station.kiosk.saved_to
    assert saved is not None
    assert saved.is_relative_to(second.path / EXPORT_FOLDER)
    assert list(first.path.iterdir()) == []
    assert exports(second) == [saved.name]


@pytest.mark.parametrize("stage", [SavingStage.WRITE, SavingStage.READ_BACK, SavingStage.NAME])
def test_if_the_only_drive_is_pulled_during_save_one_line_says_so(
    station: Station, socket: Sticks, stage: SavingStage
) -> None:
    disk = socket.plug_in()
    station.train()
    save(station, pull_at(disk, stage))
    assert station.notice == ("the drive STICK was pulled too early. Plug it in again, then press SAVE again.")
    assert station.kiosk.saved_to is None
    assert station.kiosk.state.mode is Mode.LIVE
    assert list(disk.path.iterdir()) == []
    assert not (station.folder / "export").exists()


def test_a_pulled_drive_is_noticed_even_if_another_is_mounted_in_its_place(station: Station, socket: Sticks) -> None:
    pulled, other = socket.plug_in(label="A"), socket.plug_in(label="B", mounted=False)
    station.train()

    def swap(event: object) -> None:
        if event == SavingAdvanced(SavingStage.WRITE, False) and pulled.device:
            pulled.pull()
            run("mount", other.device, pulled.path)

    chosen = socket.drives.present()[0]
    save(station, swap, chosen)
    assert station.notice == "the drive A was pulled too early. Plug it in again, then press SAVE again."
    assert station.kiosk.saved_to is None
    assert exports(pulled) == []  # the drive that is mounted there now


def test_a_drive_that_runs_full_during_save_is_reported_and_left_empty(station: Station, socket: Sticks) -> None:
    disk = socket.plug_in()
    station.train()
    free: list[int] = []

    def fill(event: object) -> None:
        if event == SavingAdvanced(SavingStage.WRITE, False) and not free:
            disk.fill_up(leave_bytes=200_000)
            free.append(1)

    save(station, fill)
    assert station.notice == (
        f"the model could not be saved to {disk.path}/teachable: No space left on device. "
        "The drive is full: use one with more room, then save again."
    )
    assert exports(disk) == []


def test_nothing_is_written_to_a_drive_without_enough_room(station: Station, socket: Sticks) -> None:
    disk = socket.plug_in()
    disk.fill_up(leave_bytes=100_000)
    station.train()
    station.press(Action.SAVE)
    assert station.notice.startswith(f"the model could not be saved to {disk.path}/teachable: it needs ")
    assert station.notice.endswith(" MB are free. The drive is full: use one with more room, then save again.")
    assert not (disk.path / EXPORT_FOLDER).exists()


def test_a_write_protected_drive_is_recognised_and_the_next_one_is_used(station: Station, socket: Sticks) -> None:
    locked, free = socket.plug_in(label="A"), socket.plug_in(label="B")
    locked.write_protect()
    assert [(drive.name, drive.read_only) for drive in socket.drives.present()] == [("A", True), ("B", False)]
    station.train()
    station.press(Action.SAVE)
    assert station.kiosk.saved_to is not None
    assert station.kiosk.saved_to.is_relative_to(free.path)


def test_of_two_drives_the_first_is_used_and_the_screen_names_it(station: Station, socket: Sticks) -> None:
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    station.train()
    announced: list[object] = []
    save(station, announced.append)
    saved = station.kiosk.saved_to
    assert exports(second) == []
    assert saved is not None
    assert exports(first) == [saved.name]
    steps = [event for event in announced if isinstance(event, SavingStarted | SavingAdvanced | SavingFinished)]
    assert steps[:-1] == [
        SavingStarted("A", saved), *(SavingAdvanced(stage, done) for stage in SavingStage for done in (False, True))
    ]  # fmt: skip
    assert isinstance(steps[-1], SavingFinished)
    assert (steps[-1].drive, steps[-1].note) == ("A", "")
    assert saved_message(station) == (f"On the drive A, folder {as_read(saved)}", "You may pull the drive out now.")


def test_the_chosen_drive_is_used_even_if_it_is_not_the_first(station: Station, socket: Sticks) -> None:
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    station.train()
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
    assert saved_message(station) == (f"On the drive B, folder {as_read(saved)}", "You may pull the drive out now.")


def test_if_the_chosen_drive_fails_no_other_drive_is_used(station: Station, socket: Sticks) -> None:
    """The other drive may belong to somebody else."""
    first, second = socket.plug_in(label="A"), socket.plug_in(label="B")
    station.train()
    chosen = socket.drives.present()[1]
    save(station, pull_at(second, SavingStage.WRITE), chosen)
    assert station.notice == "the drive B was pulled too early. Plug it in again, then press SAVE again."
    assert exports(first) == []
    save(station, lambda _event: None, chosen)  # it is gone before SAVE starts
    assert station.notice == "the drive B was pulled too early. Plug it in again, then press SAVE again."
    assert exports(first) == []
    assert not (station.folder / "export").exists()


def test_a_drive_is_listed_with_its_name_file_system_and_free_room(socket: Sticks) -> None:
    disk = socket.plug_in("ext4", "HOLIDAY", 24)
    (drive,) = socket.drives.present()
    free = run("df", "--output=avail", "-B1", disk.path).splitlines()[1]
    assert (drive.name, drive.filesystem, drive.device) == ("HOLIDAY", "ext4", disk.device)
    assert drive.free_bytes == int(free)


def test_an_exfat_drive_holds_the_whole_folder_after_it_was_mounted_again(station: Station, socket: Sticks) -> None:
    """The file system passes fsck.exfat, and the checksums match after it was mounted again."""
    disk = socket.plug_in("exfat", size_mb=40)
    station.train()
    station.press(Action.SAVE)
    (name,) = exports(disk)
    assert saved_message(station)[1] == "You may pull the drive out now."
    disk.unmount()
    run("fsck.exfat", "-n", disk.device)
    disk.mount()
    run("sh", "-c", f"cd '{disk.path / EXPORT_FOLDER / name}' && sha256sum --strict -c {CHECKSUMS}")


def test_a_file_system_driver_that_loses_files_is_detected(tmp_path: Path, socket: Sticks) -> None:
    """FUSE's FAT loses the files of a folder when the folder is renamed. Its mounts are not listed as block devices."""
    disk = socket.plug_in("fat", size_mb=40)
    station = Station(tmp_path / "kiosk")
    station.drives.insert("STICK", disk.path)
    station.train()
    station.press(Action.SAVE)
    station.close()
    assert station.notice == (
        "converted_tflite_quantized/model.tflite reads back changed: the drive is failing. Use another drive."
    )
    assert station.kiosk.saved_to is None
    assert exports(disk) == []


def test_a_volume_that_refuses_letters_gets_ascii_names(tmp_path: Path, socket: Sticks) -> None:
    """FUSE's FAT takes only ASCII names, as the kernel's does where it was mounted with a narrow character set."""
    disk = socket.plug_in("fat", size_mb=40)
    station = Station(tmp_path / "kiosk", labels=("Äpfel", "Tasse", "Ente"), save_pictures=True)
    station.drives.insert("STICK", disk.path)
    station.train()
    announced: list[object] = []
    save(station, announced.append)
    station.close()
    tried = [event.folder.name for event in announced if isinstance(event, SavingStarted)]
    assert [name[16:] for name in tried] == ["Äpfel_Tasse", "Apfel_Tasse"]
    assert SavingAdvanced(SavingStage.NAME, True) in announced  # another test checks what FUSE loses afterwards


def test_the_name_of_the_folder_has_the_local_time(station: Station, socket: Sticks) -> None:
    disk = socket.plug_in()
    before = datetime.now()
    station.train()
    station.press(Action.SAVE)
    (name,) = exports(disk)
    written = datetime.strptime(name[:15], "%Y-%m-%d_%H%M")
    assert before.replace(second=0, microsecond=0) <= written <= datetime.now()
