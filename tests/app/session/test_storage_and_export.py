"""What survives: kills, damage, full disks; and the folder that a visitor takes away."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.base.errors import FolderOccupied, SessionNotWritten
from app.base.file_names import file_name_problem, safe_file_name
from app.base.files import free_path
from app.base.ports import ImageArray
from app.model.export_folder import ModelFacts, write_export
from app.model.verified_folder import CHECKSUMS, UNFINISHED
from app.session.pictures import encode_picture
from app.session.session import still_missing
from app.session.store import ReEmbedded, SessionStore

pytestmark = pytest.mark.needs_runtime

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
VECTOR = np.arange(4, dtype=np.float32)

ADDER = """
import sys, numpy as np
from pathlib import Path
from app.session.store import SessionStore
store = SessionStore(Path(sys.argv[1]), labels=("a", "b"), extractor_name="x", extractor_sha256="1")
picture = np.zeros((32, 32, 3), np.uint8)
for number in range(10_000):
    print(store.add(number % 2, np.full(4, number, np.float32), picture).sample_id, flush=True)
"""


def opened(path: Path, **settings: object) -> SessionStore:
    given = {"labels": ("a", "b"), "extractor_name": "x", "extractor_sha256": "1", **settings}
    return SessionStore(path, **given)  # type: ignore[arg-type]


def test_a_session_is_back_after_closing(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    store.add(1, VECTOR, PICTURE)
    store.close()
    session = opened(tmp_path / "s").load()
    assert session.shots() == (0, 1)
    assert np.array_equal(session.embeddings()[0], VECTOR)


def test_every_sample_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "s"
    child = subprocess.Popen(
        [sys.executable, "-c", ADDER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(25)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in child.stdout.read().splitlines()]
    child.wait()
    child.stdout.close()
    kept = {sample.sample_id for sample in opened(path).load().samples}
    assert set(acknowledged) <= kept


def test_undo_takes_the_newest(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    store.add(0, VECTOR, PICTURE)
    store.add(1, VECTOR, PICTURE)
    removed = store.remove_last()
    assert removed is not None
    assert removed.class_index == 1
    assert store.load().shots() == (1, 0)


def test_a_damaged_file_is_set_aside_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"this is not a database" * 100)
    assert opened(path).load().samples == ()
    assert (tmp_path / "s.damaged-1").read_bytes().startswith(b"this is not")


def test_a_full_disk_refuses_the_sample_and_keeps_the_rest(tmp_path: Path) -> None:
    store = opened(tmp_path / "s", max_bytes=64 * 1024)

    def fill() -> None:
        for _ in range(100):
            store.add(0, VECTOR, PICTURE)

    with pytest.raises(SessionNotWritten, match="Make room on the disk; all else is kept"):
        fill()
    kept = len(store.load().samples)
    assert kept > 0
    store.close()
    assert len(opened(tmp_path / "s").load().samples) == kept


def test_a_changed_model_file_is_not_the_last_model(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    model = tmp_path / "m.tflite"
    model.write_bytes(b"model")
    store.remember_model(model, 0.9, 0.5, (2, 3))
    found = store.last_model()
    assert found is not None
    assert found.shots == (2, 3)
    model.write_bytes(b"other")
    assert store.last_model() is None


def test_another_extractor_embeds_the_pictures_anew_and_goes_on_after_a_power_cut(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    for _ in range(3):
        store.add(0, VECTOR, PICTURE)
    assert not store.switch_extractor()
    store.close()
    store = opened(tmp_path / "s", extractor_sha256="2")
    assert store.switch_extractor()
    assert store.stale_samples == 3
    assert store.re_embed(lambda image: (np.full(6, image.shape[0], np.float32), "usb:0"), 1) == ReEmbedded(1)
    store.add(0, np.ones(6, np.float32), PICTURE)
    store.close()
    store = opened(tmp_path / "s", extractor_sha256="2")
    assert not store.switch_extractor()
    assert store.stale_samples == 2
    store.re_embed(lambda image: (np.full(6, image.shape[0], np.float32), "cpu"), 9)
    session = store.load()
    assert session.embeddings().tolist() == [[64.0] * 6] * 3 + [[1.0] * 6]
    assert [one.device for one in session.samples] == ["usb:0", "cpu", "cpu", "cpu"]
    assert {one.extractor_sha256 for one in session.samples} == {"2"} == {session.extractor_sha256}


def test_embedding_anew_stops_when_it_is_enough_and_commits_once(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    for _ in range(5):
        store.add(0, VECTOR, PICTURE)
    store.close()
    store = opened(tmp_path / "s", extractor_sha256="2")
    store.switch_extractor()
    seen_from_outside: list[int] = []

    def embed(_image: ImageArray) -> tuple[NDArray[np.float32], str]:
        with closing(sqlite3.connect(tmp_path / "s")) as other:
            (new,) = other.execute("SELECT count(*) FROM samples WHERE extractor_sha256 = '2'").fetchone()
        seen_from_outside.append(new)
        return VECTOR, "cpu"

    assert store.re_embed(embed, enough=lambda: len(seen_from_outside) == 3) == ReEmbedded(3)
    assert (seen_from_outside, store.stale_samples) == ([0, 0, 0], 2)
    assert store.re_embed(embed) == ReEmbedded(2)
    assert (seen_from_outside, store.stale_samples) == ([0, 0, 0, 3, 3], 0)


def test_only_the_newest_samples_of_the_other_back_end_are_read(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    for device in ("cpu", "usb:0", "cpu", "cpu", "pci:1"):
        store.add(0, VECTOR, PICTURE, device)
    assert [one.sample_id for one in store.made_elsewhere("usb:0", 2)] == [4, 3]
    assert [one.sample_id for one in store.made_elsewhere("cpu", 8)] == [5, 2]


def test_switching_back_finds_the_embeddings_of_before(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    store.add(0, VECTOR, PICTURE)
    store.close()
    store = opened(tmp_path / "s", extractor_sha256="2")
    assert store.switch_extractor()
    store.close()
    store = opened(tmp_path / "s")
    assert store.switch_extractor()
    assert store.stale_samples == 0


def test_a_session_of_the_first_schema_is_taken_over(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "s")
    database.executescript(
        """
        CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
        CREATE TABLE labels (class_index INTEGER PRIMARY KEY, label TEXT NOT NULL);
        CREATE TABLE samples (
            sample_id INTEGER PRIMARY KEY AUTOINCREMENT, class_index INTEGER NOT NULL, embedding BLOB NOT NULL,
            picture BLOB NOT NULL, taken_at_s REAL NOT NULL
        );
        CREATE TABLE model (
            path TEXT NOT NULL, sha256 TEXT NOT NULL, validation_accuracy REAL NOT NULL, threshold REAL NOT NULL,
            shots TEXT NOT NULL
        );
        INSERT INTO facts VALUES ('extractor_name', 'x'), ('extractor_sha256', '1');
        INSERT INTO labels VALUES (0, 'a'), (1, 'b');
        PRAGMA user_version = 1;
        """
    )
    row = (1, VECTOR.tobytes(), encode_picture(PICTURE), 5.0)
    database.execute("INSERT INTO samples (class_index, embedding, picture, taken_at_s) VALUES (?, ?, ?, ?)", row)
    database.commit()
    database.close()
    store = opened(tmp_path / "s")
    (sample,) = store.load().samples
    assert (sample.class_index, sample.embedding.tolist(), sample.taken_at_s) == (1, VECTOR.tolist(), 5.0)
    assert not store.switch_extractor()
    assert store.stale_samples == 0
    store.close()
    assert opened(tmp_path / "s", extractor_sha256="2").switch_extractor()
    assert sqlite3.connect(tmp_path / "s").execute("PRAGMA user_version").fetchone() == (4,)
    opened(tmp_path / "new").close()
    assert indexes(tmp_path / "s") == indexes(tmp_path / "new") == ["samples_by_device", "samples_by_extractor"]


def indexes(path: Path) -> list[str]:
    rows = sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return sorted(name for (name,) in rows)


def test_what_is_missing_is_said_in_words() -> None:
    labels = ("apple", "cup", "book")
    assert str(still_missing(labels, (0, 0, 0))) == "Nothing to learn from yet. Show something and hold its button."
    assert str(still_missing(labels, (3, 0, 0))) == (
        "One more thing is needed: show something else than apple and hold its button."
    )
    assert str(still_missing(labels, (3, 1, 0))) == "cup needs one more picture."
    assert still_missing(labels, (2, 2, 0)) is None


def facts(tmp_path: Path) -> ModelFacts:
    model = tmp_path / "made.tflite"
    model.write_bytes(b"TFL3 model")
    return ModelFacts(
        model, ("apple", "2 fingers"), (3, 4), 0.9, 0.5, "x", "1", False, {"crop": "centre-square"}, False
    )


def test_the_folder_is_whole_and_its_hashes_are_true(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    store.add(0, VECTOR, PICTURE)
    folder = write_export(tmp_path / "out", facts(tmp_path), store.load(), include_pictures=True)
    for line in (folder / CHECKSUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert (folder / "converted_tflite_quantized/labels.txt").read_text() == "0 apple\n1 2 fingers\n"
    assert json.loads((folder / "metadata.json").read_text())["threshold"] == 0.5
    assert (folder / "samples/0_a/001.jpg").is_file()
    assert not list(tmp_path.glob("*.partial"))


def test_without_permission_no_picture_leaves_the_kiosk(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    store.add(0, VECTOR, PICTURE)
    folder = write_export(tmp_path / "out", facts(tmp_path), store.load(), include_pictures=False)
    assert not (folder / "samples").exists()


def test_an_earlier_export_is_replaced_and_a_foreign_folder_is_not(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert write_export(folder, facts(tmp_path), None, include_pictures=False) == folder
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.txt").write_text("precious")
    with pytest.raises(FolderOccupied) as caught:
        write_export(foreign, facts(tmp_path), None, include_pictures=False)
    assert str(caught.value) == f"{foreign} holds other files. Name an empty or new folder."
    assert (foreign / "chapter1.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["../../x", "con", "a" * 200, "😀", "C: drive", " dots. ", "äöü ß", "\n\t", "NUL.txt"])
def test_any_name_becomes_one_that_every_file_system_takes(name: str) -> None:
    safe = safe_file_name(name)
    assert file_name_problem(safe) is None
    assert " " not in safe
    assert len(safe.encode()) <= 101


def test_names_that_fat_takes_for_the_same_are_kept_apart() -> None:
    assert safe_file_name("Cup", taken=["cup"]) == "Cup_2"


def test_two_exports_of_one_minute_have_two_folders(tmp_path: Path) -> None:
    first = write_export(free_path(tmp_path, "now"), facts(tmp_path), None, include_pictures=False)
    second = write_export(free_path(tmp_path, "now"), facts(tmp_path), None, include_pictures=False)
    assert (first.name, second.name) == ("now", "now_2")


def test_neighbours_with_names_like_ours_are_left_alone(tmp_path: Path) -> None:
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


def test_what_a_power_cut_left_half_written_is_replaced(tmp_path: Path) -> None:
    left = tmp_path / "out.partial"
    left.mkdir()
    (left / UNFINISHED).write_text("")
    (left / "model.tflite").write_bytes(b"half")
    folder = write_export(tmp_path / "out", facts(tmp_path), None, include_pictures=False)
    assert not left.exists()
    assert not (folder / UNFINISHED).exists()


def test_a_file_in_the_way_is_told_in_one_line(tmp_path: Path) -> None:
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


def test_a_commit_waits_for_the_medium_and_for_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connections: list[sqlite3.Connection] = []
    real = sqlite3.connect

    def connect(*args: Any, **settings: Any) -> sqlite3.Connection:
        connections.append(real(*args, **settings))
        return connections[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    store = opened(tmp_path / "s")
    assert connections[0].execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA
    store.close()


def test_a_damaged_picture_is_left_out_when_the_extractor_changes(tmp_path: Path) -> None:
    store = opened(tmp_path / "s")
    store.add(0, VECTOR, PICTURE)
    broken = store.add(0, VECTOR, PICTURE)
    store.close()
    database = sqlite3.connect(tmp_path / "s")
    database.execute("UPDATE samples SET picture = x'00' WHERE sample_id = ?", (broken.sample_id,))
    database.commit()
    database.close()
    store = opened(tmp_path / "s", extractor_sha256="2")
    store.switch_extractor()
    assert store.re_embed(lambda _image: (np.zeros(6, np.float32), "cpu"), 9) == ReEmbedded(1, dropped=(0,))
    assert len(store.load().samples) == 1
