"""The folder that a visitor takes away: its content, and which other folders it replaces."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from app.base.errors import FolderOccupied
from app.base.files import free_path
from app.model.saved_folder import page_engine
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.facts import ExportFacts
from app.model.saved_folder.verified_folder import CHECKSUMS, UNFINISHED
from app.session.pictures import STORED_PX, decode_picture
from tests.support.stores import EMBEDDING, PICTURE, open_store

pytestmark = pytest.mark.needs_runtime


def facts(tmp_path: Path) -> ExportFacts:
    model = tmp_path / "made.tflite"
    model.write_bytes(b"TFL3 model")
    return ExportFacts(model, ("apple", "2 fingers"), (3, 4), 0.9, 0.5, "x", "1", False, {"crop": "centre-square"})


def test_the_folder_is_complete_and_its_checksums_match(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add(0, EMBEDDING, PICTURE)
    folder = write_export(tmp_path / "out", facts(tmp_path), store.load(), include_pictures=True)
    for line in (folder / CHECKSUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert (folder / "converted_tflite_quantized/labels.txt").read_text() == "0 apple\n1 2 fingers\n"
    assert json.loads((folder / "metadata.json").read_text())["threshold"] == 0.5
    assert (folder / "samples/0_a/001.jpg").is_file()
    assert not list(tmp_path.glob("*.partial"))


def test_without_permission_no_picture_leaves_the_kiosk(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s")
    store.add(0, EMBEDDING, PICTURE)
    folder = write_export(tmp_path / "out", facts(tmp_path), store.load(), include_pictures=False)
    assert not (folder / "samples").exists()


def test_the_page_shows_small_copies_of_some_pictures_and_stays_small_enough_for_a_mail(tmp_path: Path) -> None:
    store, rng = open_store(tmp_path / "s"), np.random.default_rng(0)
    noise = rng.integers(0, 256, (STORED_PX, STORED_PX, 3), np.uint8)
    for _ in range(6):
        for label in (0, 1):
            store.add(label, EMBEDDING, noise)
    page = write_export(tmp_path / "out", facts(tmp_path), store.load(), include_pictures=True) / "open_me.html"
    shown = re.findall(r'"(/9j/[\w+/=]+)"', page.read_text(encoding="utf-8"))
    assert [decode_picture(base64.b64decode(one)).shape for one in shown] == [(144, 144, 3)] * 8
    assert page.stat().st_size < 8_000_000


def test_without_the_engine_of_the_page_the_folder_is_complete_and_names_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_engine, "FOLDER", tmp_path / "not fetched")
    folder = write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert not (folder / "open_me.html").exists()
    assert (folder / "README.txt").read_text().splitlines()[0] == "Run classify.py, as shown below"
    assert (folder / CHECKSUMS).is_file()


def test_an_earlier_export_is_replaced_and_any_other_folder_is_not(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert write_export(folder, facts(tmp_path), None, include_pictures=False) == folder
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.txt").write_text("precious")
    with pytest.raises(FolderOccupied) as caught:
        write_export(foreign, facts(tmp_path), None, include_pictures=False)
    assert str(caught.value) == f"{foreign} holds other files. Name an empty or new folder."
    assert (foreign / "chapter1.txt").read_text() == "precious"


def test_two_exports_of_one_minute_have_two_folders(tmp_path: Path) -> None:
    first = write_export(free_path(tmp_path, "now"), facts(tmp_path), None, include_pictures=False)
    second = write_export(free_path(tmp_path, "now"), facts(tmp_path), None, include_pictures=False)
    assert (first.name, second.name) == ("now", "now_2")


def test_other_folders_with_similar_names_are_left_alone(tmp_path: Path) -> None:
    for ending in (".old", ".replaced"):
        (tmp_path / f"out{ending}").mkdir()
        (tmp_path / f"out{ending}" / "thesis.txt").write_text("precious")
    for _ in range(2):
        write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert [path.read_text() for path in tmp_path.rglob("thesis.txt")] == ["precious"] * 2
    foreign = tmp_path / "out.partial"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("precious")
    with pytest.raises(FolderOccupied) as caught:
        write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert str(caught.value) == f"{foreign} holds other files. Name an empty or new folder."
    assert (foreign / "notes.txt").read_text() == "precious"


def test_an_unfinished_folder_of_ours_is_replaced(tmp_path: Path) -> None:
    left = tmp_path / "out.partial"
    left.mkdir()
    (left / UNFINISHED).write_text("")
    (left / "model.tflite").write_bytes(b"half")
    folder = write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert not left.exists()
    assert not (folder / UNFINISHED).exists()


def test_a_file_in_its_place_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(FolderOccupied) as caught:
        write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert str(caught.value) == f"{tmp_path / 'out'} is a file. Name an empty or new folder."


def test_every_directory_up_to_the_drive_s_root_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    folder = write_export(tmp_path / "stick" / "teachable" / "x", facts(tmp_path), None, include_pictures=False)
    for directory in (folder.parent, tmp_path / "stick", tmp_path):
        assert str(directory) in synced
    assert any(path.endswith("model.tflite") for path in synced)
