"""Every later version opens the files that version 0.1 wrote; `tests/data/version_0_1/README.md` lists them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.base.buttons import ArchivedSession, StaffPage, StaffTab
from app.base.ports import Frame, ImageArray
from app.config.load import load_config
from app.config.schema import Config
from app.config.settings_file import SettingsFile
from app.core.events import FolderFound
from app.core.state import Mode
from app.importing.find import find_folder
from app.session.pictures import decode_picture
from run_kiosk import main
from tests.support.kiosks import Station
from tests.support.visits import open_staff
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import centre_crop, read_picture

pytestmark = pytest.mark.needs_runtime

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OLD = Path(__file__).resolve().parent.parent / "data" / "version_0_1"
FACTS: dict[str, Any] = json.loads((OLD / "answers.json").read_text(encoding="utf-8"))
LABELS = tuple(FACTS["labels"])
INPUT_PX = 8
ONE_STEP = 1 / 256  # of the model's 8-bit output: runtimes may round differently


def as_that_version_saw_it(image: ImageArray) -> ImageArray:
    """The picture in the size of the model's input: version 0.1 averaged areas. It is not resized again."""
    return np.asarray(cv2.resize(centre_crop(image), (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA), np.uint8)


def station_in(folder: Path, settings: Config | None = None) -> Station:
    extractor = EmbeddingExtractor(OLD / "extractor.tflite")
    return Station(folder, settings, labels=LABELS, extractor=extractor)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A kiosk that starts with a copy of the old data directory."""
    shutil.copytree(OLD / "data", tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "session.sqlite3")) as database, database:
        ((path,),) = database.execute("SELECT path FROM model").fetchall()
        database.execute("UPDATE model SET path = ?", (str(tmp_path / "data" / "models" / Path(path).name),))
    made = station_in(tmp_path)
    yield made
    made.close()


def test_the_session_is_complete(station: Station) -> None:
    session, state = station.store.load(), station.kiosk.state
    assert (session.labels, list(session.shots())) == (LABELS, FACTS["shots"])
    assert session.extractor_sha256 == FACTS["extractor_sha256"]
    assert station.store.stale_samples == 0
    for sample in session.samples:
        embedding = station.extractor.embed(as_that_version_saw_it(decode_picture(sample.picture)))
        assert embedding == pytest.approx(sample.embedding, abs=0.1)  # three 8-bit steps: JPEG is lossy
    assert (state.labels, list(state.shots)) == (LABELS, FACTS["shots"])
    assert [len(one.thumbnails) for one in state.classes] == FACTS["shots"]


def test_its_model_returns_the_same_answers(station: Station) -> None:
    state = station.kiosk.state
    assert state.mode is Mode.LIVE
    assert not state.stale
    assert state.model is not None
    assert (state.model.threshold, list(state.model.shots)) == (FACTS["threshold"], FACTS["shots"])
    assert state.model.validation_accuracy is None  # that version measured it on near-copies of taught pictures
    assert state.model.report is not None
    for name, wanted in FACTS["answers"].items():
        image = as_that_version_saw_it(read_picture(OLD / "pictures" / name))
        image.flags.writeable = False
        seen = station.vision.observe(Frame(image, 1, 0.0))
        assert seen.probabilities == pytest.approx(wanted["probabilities"], abs=ONE_STEP)
        assert seen.novelty == pytest.approx(wanted["novelty"], abs=0.05)


def test_samples_can_be_added_to_it(station: Station) -> None:
    station.look()
    station.panel.tap(0)
    station.settle()
    assert list(station.store.load().shots()) == [FACTS["shots"][0] + 1, *FACTS["shots"][1:]]


def test_settings_changed_on_the_screen_apply(tmp_path: Path) -> None:
    shutil.copytree(OLD / "data", tmp_path / "data")
    config = SettingsFile(Config(), tmp_path / "data").config
    assert list(tmp_path.glob("data/settings.toml*")) == [tmp_path / "data" / "settings.toml"], "nothing is set aside"
    screen, camera = config.screen, config.camera
    assert (screen.language, screen.volume, screen.palette) == ("de", 0.2, "night")
    assert (camera.zoom, camera.mirror) == (1.5, False)
    assert (config.classes.target_shots, config.staff.contact, config.idle.after_s) == (12, "Werkstatt", 90.0)


def test_the_archive_is_listed_and_its_session_can_be_restored(station: Station) -> None:
    open_staff(station)
    station.panel.tap(StaffTab(StaffPage.SESSIONS))
    station.settle()
    ((name, _),) = station.kiosk.state.staff.system.archive
    assert name == FACTS["archive"]["name"]
    station.panel.tap(ArchivedSession(name))
    station.settle()
    session = station.store.load()
    assert (session.labels, list(session.shots())) == (LABELS, FACTS["archive"]["shots"])
    assert all(sample.picture for sample in session.samples)
    assert list(station.kiosk.state.shots) == FACTS["archive"]["shots"]


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_saved_folder_is_found_and_its_session_or_model_can_be_used(tmp_path: Path, chosen: int) -> None:
    drive = Path(shutil.copytree(OLD / "drive", tmp_path / "STICK"))
    found = find_folder(drive)
    assert found is not None
    assert (found.labels, found.has_session, found.has_model) == (LABELS, True, True)
    station = station_in(tmp_path)
    with closing(station):
        station.drives.insert("STICK", drive)
        station.kiosk.events.put(FolderFound("STICK", found.path, found.labels, True, True))
        for passed_s in (0.0, 0.0, 1.0):
            station.now_s += passed_s
            station.kiosk.tick()
        station.panel.tap(chosen)
        station.settle()
        state = station.kiosk.state
        assert (state.mode, state.labels) == (Mode.LIVE, LABELS)
        if chosen == 0:
            assert list(station.store.load().shots()) == FACTS["shots"]
            assert all(sample.picture for sample in station.store.load().samples)
        else:
            image = as_that_version_saw_it(read_picture(OLD / "pictures" / "leaf_and_cup.png"))
            seen = station.vision.observe(Frame(image, 1, 0.0))
            wanted = FACTS["answers"]["leaf_and_cup.png"]["probabilities"]
            assert seen.probabilities == pytest.approx(wanted, abs=ONE_STEP)


@pytest.mark.parametrize("model", ["model.tflite", "drive/teachable"])
def test_classify_uses_an_exported_model_with_its_labels(model: str, tmp_path: Path) -> None:
    path = OLD / model
    if path.is_dir():
        (path,) = path.iterdir()
    pictures = [tmp_path / one.name for one in sorted((OLD / "pictures").glob("*.png"))]
    for picture in pictures:
        seen = as_that_version_saw_it(read_picture(OLD / "pictures" / picture.name))
        assert cv2.imwrite(str(picture), cv2.cvtColor(seen, cv2.COLOR_RGB2BGR))
    report = tmp_path / "report.json"
    assert main(["classify", str(path), *map(str, pictures), "--json", str(report)]) == 0
    answers = json.loads(report.read_text(encoding="utf-8"))
    assert [Path(one["image"]).name for one in answers] == sorted(FACTS["answers"])
    for one in answers:
        wanted = FACTS["answers"][Path(one["image"]).name]
        assert tuple(one["probabilities"]) == LABELS
        assert list(one["probabilities"].values()) == pytest.approx(wanted["probabilities"], abs=ONE_STEP)
        assert one["novelty"] == pytest.approx(wanted["novelty"], abs=0.05)


def test_a_saved_folder_can_be_the_starter(tmp_path: Path) -> None:
    (folder,) = (OLD / "drive" / "teachable").iterdir()
    settings = Config()
    station = station_in(tmp_path, replace(settings, idle=replace(settings.idle, starter=str(folder))))
    with closing(station):
        station.settle()
        assert station.kiosk.state.starter is not None
        assert station.kiosk.state.starter.labels == LABELS


def test_every_setting_of_the_settings_file_applies() -> None:
    path = OLD / "kiosk.toml"
    config, defaults = load_config(path), Config()
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    for section, values in table.items():
        for name, value in values.items():
            loaded = getattr(getattr(config, section), name)
            assert (list(loaded) if isinstance(loaded, tuple) else loaded) == value, f"{section}.{name}"
    unchanged = {"inputs." + f"class_{number}" for number in range(5, 10)}
    same = {
        f"{section}.{name}"
        for section, values in table.items()
        for name in values
        if getattr(getattr(config, section), name) == getattr(getattr(defaults, section), name)
    }
    assert same <= unchanged, "a setting with its default proves nothing"
