"""The whole kiosk starts, whatever is damaged, full, read-only, misconfigured or missing."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.base.files import write_durably
from app.base.privacy import Privacy
from app.commands.parser import make_parser
from app.commands.settings import config_of, settings_that_hold, typed_settings
from app.compose import Composed, Start, compose
from app.config.settings_file import FILE as SETTINGS_FILE
from app.core.events import EndSession, ScreenTouched
from app.core.state import Mode
from app.session.database import SESSION_FILE
from app.session.erasure import ERASED, erase_files, good_copy_of
from app.session.store import SessionStore
from tests.support.bit_flips import make_session
from tests.support.disks import Sticks, run
from tests.support.kiosks import Station
from tests.support.waiting import wait_until

pytestmark = pytest.mark.needs_runtime

SAMPLES = 8


@contextmanager
def started(data_dir: Path, *options: str) -> Iterator[Composed]:
    """Start the kiosk as its service does, without a window, and show one picture of its screen."""
    parsed = make_parser().parse_args(["--headless", "--data-dir", str(data_dir), *options])
    settings, problems = settings_that_hold(parsed)
    config = config_of(parsed, settings)
    with compose(config, headless=True, settings=settings, start=Start(typed_settings(parsed), problems)) as composed:
        composed.loop.tick()
        assert composed.kiosk.state.fault is None
        yield composed


def problems_of(composed: Composed) -> list[str]:
    return [str(text) for text in composed.kiosk.state.start_problems]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a session of eight samples and its model."""
    folder = tmp_path_factory.mktemp("taught")
    station = Station(folder)
    station.train()
    station.close()
    return folder / "data"


@pytest.fixture
def data_dir(taught: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(taught, tmp_path / "data"))


def flip(path: Path, at: int, bits: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        data = file.read(1)
        file.seek(at)
        file.write(bytes([data[0] ^ bits]))


def place_of(path: Path, text: bytes) -> int:
    place = path.read_bytes().find(text)
    assert place > 0
    return place


def without_good_copy(path: Path) -> None:
    good_copy_of(path).unlink()


def the_first_bytes(path: Path) -> None:
    flip(path, 3)


def the_version(path: Path) -> None:
    flip(path, 63, 8)


def a_newer_version(path: Path) -> None:
    flip(path, 63, 6 ^ 99)
    without_good_copy(path)


def the_size_of_pages(path: Path) -> None:
    flip(path, 16)


def the_tables(path: Path) -> None:
    flip(path, place_of(path, b"CREATE TABLE labels"))
    without_good_copy(path)


def a_class_name(path: Path) -> None:
    flip(path, place_of(path, b"cup"), 128)


def a_page_of_samples(path: Path) -> None:
    at = place_of(path, b"\xff\xd8\xff\xe0") // 4096 * 4096
    with path.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(4096))


def the_second_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 8192 * 4096)


def everything(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))
    without_good_copy(path)


def everything_but_the_good_copy(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def the_file_is_gone(path: Path) -> None:
    path.unlink()


def the_file_is_empty(path: Path) -> None:
    path.write_bytes(b"")
    without_good_copy(path)


def a_folder_is_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_bytes(b"x")
    without_good_copy(path)


def an_old_journal_is_beside_it(path: Path) -> None:
    path.with_name(f"{path.name}-journal").write_bytes(os.urandom(9000))


def it_was_being_erased(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(ERASED)


def it_was_erased(path: Path) -> None:
    erase_files(path)


def the_model_is_gone(path: Path) -> None:
    shutil.rmtree(path.with_name("models"))


def the_good_copy_is_damaged_too(path: Path) -> None:
    flip(path, 3)
    flip(path, 30)
    good_copy_of(path).write_bytes(os.urandom(9000))


def the_recovered_file_has_not_its_name_yet(path: Path) -> None:
    shutil.copy(path, path.with_name(f"{path.name}.recovered"))
    path.rename(path.with_name(f"{path.name}.damaged-1"))


WHOLE, REPAIRED = SAMPLES, "The stored session was damaged and has been repaired."
BEGINS = "The stored session was damaged and could not be read. A new one begins."


@pytest.mark.parametrize(
    ("damage", "samples", "notice"),
    [
        (the_first_bytes, WHOLE, REPAIRED),
        (the_version, WHOLE, REPAIRED),
        (a_newer_version, WHOLE, REPAIRED),
        (the_size_of_pages, WHOLE, REPAIRED),
        (the_tables, WHOLE, REPAIRED),
        (a_class_name, WHOLE, REPAIRED),
        (a_page_of_samples, WHOLE, REPAIRED),
        (the_second_half, WHOLE, REPAIRED),
        (everything, 0, BEGINS),
        (everything_but_the_good_copy, WHOLE, REPAIRED),
        (the_file_is_gone, WHOLE, REPAIRED),
        (the_file_is_empty, 0, ""),
        (a_folder_is_in_its_place, 0, BEGINS),
        (an_old_journal_is_beside_it, WHOLE, ""),
        (it_was_being_erased, 0, ""),
        (it_was_erased, 0, ""),
        (the_model_is_gone, WHOLE, ""),
        (the_good_copy_is_damaged_too, WHOLE, REPAIRED),
        (the_recovered_file_has_not_its_name_yet, WHOLE, ""),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_it_starts_with_a_damaged_session(
    damage: Callable[[Path], None], samples: int, notice: str, data_dir: Path
) -> None:
    damage(data_dir / "session.sqlite3")
    with started(data_dir) as composed:
        assert sum(composed.kiosk.state.shots) == samples
        assert problems_of(composed) == ([notice] if notice else [])
        if notice:
            assert list(data_dir.glob("session.sqlite3.damaged-1")) or damage is the_file_is_gone


def test_visitors_read_that_the_session_was_repaired(data_dir: Path) -> None:
    the_first_bytes(data_dir / "session.sqlite3")
    station = Station(data_dir.parent)
    assert station.notice == REPAIRED
    station.close()


def test_a_visitor_who_begins_reads_that_the_disk_cannot_be_used(station: Station) -> None:
    state = replace(station.kiosk.state, disk_problem="Read-only file system", mode=Mode.ATTRACT)
    station.kiosk.state = state
    station.kiosk.handle(ScreenTouched())
    assert station.notice == (
        "The disk of this computer cannot be used (Read-only file system). "
        "What you teach is gone when it is switched off; SAVE to a drive works."
    )


def test_a_visit_that_was_being_ended_is_ended_at_the_start_and_archived_once(data_dir: Path) -> None:
    for _ in range(2):
        store = SessionStore(data_dir / "session.sqlite3", labels=(), extractor_name="", extractor_sha256="")
        if store.load().samples:
            store.note_ending("2026-01-31_141200_apple_cup")
            (data_dir / "archive").mkdir()
            store.copy_to(data_dir / "archive" / "2026-01-31_141200_apple_cup.sqlite3", pictures=False)
        store.close()
        with started(data_dir) as composed:
            assert composed.kiosk.state.mode in (Mode.ERASING, Mode.ATTRACT, Mode.TEACH)
            assert sum(composed.kiosk.state.shots) == 0
            while composed.kiosk.state.mode is Mode.ERASING:
                composed.loop.tick()
    assert [path.name for path in (data_dir / "archive").glob("*.sqlite3")] == ["2026-01-31_141200_apple_cup.sqlite3"]


def test_it_starts_in_memory_on_a_disk_that_is_full_or_read_only_and_says_so(socket: Sticks) -> None:
    """When the disk works again, the earlier session that it holds is put away there."""
    disk = socket.plug_in("ext4", "DATA", size_mb=8)
    text = (
        "The disk of this computer cannot be used ({}). What you teach is gone when it is switched off; "
        "SAVE to a drive works."
    )
    with (disk.path / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            pass
    with started(disk.path / "data") as composed:
        assert problems_of(composed) == [text.format("No space left on device")]
    (disk.path / "filler").unlink()
    make_session(disk.path / "data" / SESSION_FILE)
    (disk.path / "data" / SETTINGS_FILE).write_text("[privacy]\nfree_floor_mib = 0\n")
    disk.write_protect()
    with started(disk.path / "data") as composed:
        assert problems_of(composed) == [text.format("Read-only file system")]
        data_dir = composed.kiosk.state.config.data_dir
        assert not data_dir.is_relative_to(disk.path)
        write_durably(data_dir / "models" / "x", b"a trained model")
        run("mount", "-o", "remount,rw", disk.path)
        composed.kiosk.perform(EndSession(Privacy.KEEP))
        wait_until(composed.kiosk.session_jobs.empty)
    assert not data_dir.exists()
    assert len(list((disk.path / "data" / "archive").glob("*_apple_cup.sqlite3"))) == 1
    assert (disk.path / "data" / SESSION_FILE).stat().st_size < 1 << 20


WRONG_SETTINGS = """
screen = 7
[klasses]
x = 1
[classes]
labels = ["same", "same"]
[camera]
source = "/nowhere/film.mp4"
zoom = nan
[model]
extractor = "/nowhere/model.tflite"
runtime = "pycoral"
[inputs]
train = ["key:no-such-key"]
class_1 = ["gpio:17"]
[gpio]
pins = ["gpio:4", "gpio:5"]
[lamps]
save = "gpio:6"
[storage]
export_dir = "/proc/nowhere"
[staff]
pin = "12"
"""


def test_it_starts_with_settings_that_do_not_hold_and_staff_read_which(tmp_path: Path) -> None:
    config = tmp_path / "kiosk.toml"
    config.write_text(WRONG_SETTINGS)
    with started(tmp_path / "data", "--config", str(config)) as composed:
        found = " ".join(problems_of(composed))
        names = "screen.is.a.section [klasses] classes.labels camera.source camera.zoom model.extractor model.runtime"
        for name in (*names.split(), "inputs", "gpio", "lamps", "storage.export_dir", "staff.pin"):
            assert name.replace("screen.is.a.section", "screen is a section") in found
        state = composed.kiosk.state
        assert (state.config.camera.source, state.config.classes.labels) == ("auto", ("", "", ""))


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("screen", "width_px", "7680"),
        ("camera", "source", '"/dev/null"'),
        ("camera", "source", '"http://[::1"'),
        ("accelerator", "library", '"/dev/null"'),
        ("idle", "starter", '"/nowhere"'),
    ],
)
def test_it_starts_with_settings_that_only_trying_shows_to_be_wrong(
    section: str, key: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / "f.toml").write_text(f"[{section}]\n{key} = {value}\n")
    with started(tmp_path / "data", "--config", str(tmp_path / "f.toml")):
        pass


def test_a_missing_settings_file_is_a_problem_for_staff_and_no_reason_not_to_start(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    with started(tmp_path / "data", "--config", str(missing)) as composed:
        assert problems_of(composed) == [
            f"cannot read {missing}: No such file or directory. Name another file with --config."
        ]


def test_a_damaged_settings_file_of_staff_keeps_what_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    write_durably(tmp_path / "data" / "settings.toml", b'[screen]\nvolume = 7.0\nlanguage = "tr"\n')
    with started(tmp_path / "data") as composed:
        assert composed.kiosk.state.config.screen.language == "tr"
        assert problems_of(composed) == [f"{tmp_path / 'data/settings.toml'}: screen.volume is 7.0. Make it 1 or less."]
    assert (tmp_path / "data" / "settings.toml").read_text() == '[screen]\nlanguage = "tr"\n'


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.mkdir()


def no_text(path: Path) -> None:
    path.write_bytes(b"[" * 100_000 + b"\xff\0")


def a_number_beyond_all(path: Path) -> None:
    path.write_text('{"wrong": 1e999, "locked_s": 1e999, "order": 1e999}')


@pytest.mark.parametrize("damage", [a_pipe, a_folder, no_text, a_number_beyond_all])
def test_it_starts_whatever_is_in_the_place_of_every_file_of_the_data_directory(
    data_dir: Path, damage: Callable[[Path], None]
) -> None:
    others = ("settings.toml", "pin_lock.json", "last_saved_number.txt", "lessons/own.toml", "archive/old.sqlite3")
    others += ("incidents/log.txt", "incidents/crashes.txt", "incidents/incidents.txt", "starter/own/metadata.json")
    files = {data_dir / name for name in others} | {path for path in data_dir.rglob("*") if path.is_file()}
    for path in sorted(files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        damage(path)
    with started(data_dir, "--camera", "demo") as composed:
        composed.loop.tick()
        assert composed.kiosk.state.mode is Mode.TEACH
        assert any(one.startswith("The stored session was damaged") for one in problems_of(composed))
