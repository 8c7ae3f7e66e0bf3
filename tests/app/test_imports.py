"""What comes from a drive is a stranger's: found fast, read whole or not at all, never trusted."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from app.devices.simulated import SimulatedDrives
from app.drive_watch import watch_drives
from app.errors import FolderRefused
from app.events import Action, DrivesChanged, Event, FolderFound
from app.export import PLAIN_FILE
from app.importing import ARCHIVE
from app.imports import MODEL_LIMITS, find_folder, read_model, read_session
from app.sandbox import Limits, ask_apart
from app.saving import EXPORT_FOLDER
from app.session import Session
from app.state import Mode
from app.strange_files import strange_folder
from tests.support.kiosks import Station

QUICK = Limits(wall_s=20.0, processor_s=20)
CRASHED = "it is damaged, or made to do harm: looking into it ended in a crash."
TOO_LONG = "it takes too long, so it was stopped."


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drive with one folder, saved with pictures."""
    root = tmp_path_factory.mktemp("elsewhere")
    station = Station(root / "kiosk", labels=("Äpfel", "cup", "duck"), save_pictures=True)
    (root / "stick").mkdir()
    station.drives.insert("STICK", root / "stick")
    station.teach()
    station.press(Action.TRAIN)
    station.press(Action.SAVE)
    station.close()
    return root / "stick"


@pytest.fixture
def stick(saved: Path, tmp_path: Path) -> Path:
    """A copy of it that may be tampered with."""
    return Path(shutil.copytree(saved, tmp_path / "stick"))


@pytest.fixture
def folder(stick: Path) -> Path:
    (folder,) = (stick / EXPORT_FOLDER).iterdir()
    return folder


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    station = Station(tmp_path / "here")
    yield station
    station.close()


def session_of(folder: Path, **other: Any) -> Session:
    known = json.loads((folder / "session.json").read_text(encoding="utf-8"))["extractor"]
    with np.load(folder / "session.npz", allow_pickle=False) as arrays:
        feature_dim = arrays["embeddings"].shape[1] if "embeddings" in arrays else 736
    here = {"extractor_name": known["name"], "extractor_sha256": known["sha256"], "feature_dim": feature_dim}

    def embed(picture: Any) -> Any:
        return np.full(3, picture.mean(), np.float32)

    return read_session(folder, **{"embed": embed, "limits": QUICK, **here, **other})


def refusal(read: Callable[[], object]) -> str:
    with pytest.raises(FolderRefused) as caught:
        read()
    return str(caught.value)


# --- finding --------------------------------------------------------------------------------------------


def test_the_newest_folder_that_can_be_used_is_found(stick: Path, folder: Path) -> None:
    base = stick / EXPORT_FOLDER
    shutil.copytree(folder, base / "2031-01-01_0900_newer")
    shutil.copytree(folder, base / "2032-01-01_0900_half.partial")
    (base / "2033-01-01_0900_empty").mkdir()
    found = find_folder(stick)
    assert found is not None
    assert found.path == base / "2031-01-01_0900_newer"
    assert found.labels == ("Äpfel", "cup")
    assert (found.has_session, found.has_model) == (True, True)


def test_ours_is_found_among_thousands_of_foreign_folders(stick: Path, folder: Path) -> None:
    base = stick / EXPORT_FOLDER
    for number in range(1000):
        (base / f"holiday {number}").mkdir()
        (base / f"2099-01-01_{number:04d}_bait").mkdir()
    found = find_folder(stick)
    assert found is not None
    assert found.path == folder


def test_a_folder_is_announced_once_when_its_drive_comes(stick: Path, folder: Path) -> None:
    drives, heard = SimulatedDrives(), list[Event]()
    steps: list[Callable[[], None]] = [
        lambda: None,
        lambda: drives.insert("STICK", stick),
        lambda: None,
        lambda: drives.pull("STICK"),
        lambda: drives.insert("STICK", stick),
    ]

    class Script:
        """A signal that lets the drive worker look once after every step."""

        def is_set(self) -> bool:
            if not steps:
                return True
            steps.pop(0)()
            return False

        def wait(self, timeout: float | None = None) -> bool:
            return False

    watch_drives(drives, heard.append, stop=Script())
    found = FolderFound("STICK", folder, ("Äpfel", "cup"), True, True)
    assert [type(event) for event in heard] == [DrivesChanged, FolderFound, DrivesChanged, DrivesChanged, FolderFound]
    assert heard[1] == heard[4] == found


def test_looking_through_a_slow_drive_comes_to_an_end(stick: Path) -> None:
    for number in range(100):
        (stick / EXPORT_FOLDER / f"2099-01-01_{number:04d}_bait").mkdir()
    looks: list[float] = []

    def clock() -> float:
        looks.append(0.5 * len(looks))  # every folder takes half a second
        return looks[-1]

    assert find_folder(stick, clock=clock) is None
    assert len(looks) < 10


def test_a_drive_without_a_folder_of_ours_has_none(tmp_path: Path) -> None:
    assert find_folder(tmp_path) is None
    assert find_folder(tmp_path / "gone") is None
    (tmp_path / EXPORT_FOLDER).write_text("a file")
    assert find_folder(tmp_path) is None


@pytest.mark.parametrize("at", [EXPORT_FOLDER, "the folder", "the models"])
def test_links_lead_nowhere(stick: Path, folder: Path, tmp_path: Path, at: str) -> None:
    place = {EXPORT_FOLDER: stick / EXPORT_FOLDER, "the folder": folder, "the models": (folder / PLAIN_FILE).parent}[at]
    elsewhere = tmp_path / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    found = find_folder(stick)
    assert found is None if at != "the models" else found is not None and not found.has_model


def test_a_linked_file_is_not_read(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "shadow"
    secret.write_text('{"labels": ["root", "secret"]}')
    (folder / "session.json").unlink()
    (folder / "session.json").symlink_to(secret)
    told = refusal(lambda: read_session_anyhow(folder))
    assert told == "session.json is not a plain file or folder, so it is not opened."


def read_session_anyhow(folder: Path) -> Session:
    return read_session(
        folder,
        extractor_name="x",
        extractor_sha256="1",
        feature_dim=3,
        embed=lambda _picture: np.zeros(3),
        limits=QUICK,
    )


def test_a_pipe_is_not_waited_for_and_a_path_is_no_name(folder: Path) -> None:
    (folder / "session.json").unlink()
    os.mkfifo(folder / "session.json")
    assert refusal(lambda: read_session_anyhow(folder)).startswith("session.json is not a plain file")
    with strange_folder(folder) as open_folder:
        for name in ("../metadata.json", "/etc/passwd", "..", ""):
            with pytest.raises(FolderRefused):
                open_folder.read(name, 100)


def test_a_huge_file_is_refused_by_its_size_alone(folder: Path) -> None:
    with (folder / PLAIN_FILE).open("r+b") as model:
        model.truncate(1 << 40)
    told = refusal(lambda: read_model(folder, runtime="litert"))
    assert told == "model.tflite is larger than 64 MB, so it is not opened."
    with (folder / "metadata.json").open("r+b") as facts:
        facts.truncate(1 << 30)
    assert find_folder(folder.parents[1]) is None


@pytest.mark.parametrize(
    "facts",
    ["[" * 100_000, "{}", "[]", "\x00", '{"labels": "ab"}', '{"labels": ["a"]}', '{"labels": ["a", "a"]}',
     '{"labels": ["a", 7]}', '{"labels": ["a", "\\u202e\\u0007"]}', json.dumps({"labels": list("abcdefghij")})],
)  # fmt: skip
def test_facts_that_make_no_sense_are_no_folder(stick: Path, folder: Path, facts: str) -> None:
    (folder / "metadata.json").write_text(facts)
    assert find_folder(stick) is None


def test_labels_are_cleaned_for_the_screen(stick: Path, folder: Path) -> None:
    family = "👩\u200d👧"  # one emoji, joined by an invisible character
    (folder / "metadata.json").write_text(json.dumps({"labels": ["\u202eevil\x1b[2J\n name ", family + "x" * 900]}))
    found = find_folder(stick)
    assert found is not None
    assert found.labels == ("evil[2J name", (family + "x" * 900)[:200])


# --- sessions -------------------------------------------------------------------------------------------


def test_a_session_comes_back_as_it_was_saved(folder: Path) -> None:
    session = session_of(folder)
    with np.load(folder / "session.npz", allow_pickle=False) as arrays:
        assert np.array_equal(session.embeddings(), arrays["embeddings"])
        assert session.label_indices().tolist() == arrays["label_indices"].tolist()
    assert session.labels == ("Äpfel", "cup", "duck")
    assert all(sample.picture[:2] == b"\xff\xd8" for sample in session.samples)


def test_another_extractor_learns_the_pictures_anew_and_without_them_it_is_refused(folder: Path) -> None:
    anew = session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3)
    assert anew.embeddings().shape == (8, 3)
    assert anew.extractor_sha256 == "0" * 64
    shutil.rmtree(folder / "samples")
    assert session_of(folder).samples[0].picture == b""
    told = refusal(lambda: session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3))
    assert told == (
        "it was taught with another network (kiosk_extractor; here it is ours), and without its pictures it cannot be "
        "learned anew. Save it with pictures there."
    )


class Pickled:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(f"{name}.npy", data)
    return stream.getvalue()


def array(values: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def header_of(shape: str, descr: str = "<f4") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


VECTORS, INDICES = array(np.zeros((4, 3), np.float32)), array(np.array([0, 0, 1, 1]))
DAMAGED = "it cannot be used: session.npz is damaged."
ODD = "it cannot be used: embeddings in session.npz is not what the kiosk writes."
HOSTILE = {
    "no archive": (b"not a zip", DAMAGED),
    "half of one": (archive(embeddings=VECTORS, label_indices=INDICES)[:200], DAMAGED),
    "pickled": (archive(embeddings=array(np.array([Pickled()], object)), label_indices=INDICES), ODD),
    "more than it holds": (archive(embeddings=header_of("(900000, 900000)"), label_indices=INDICES), DAMAGED),
    "negative": (archive(embeddings=header_of("(-1, 3)"), label_indices=INDICES), DAMAGED),
    "code in the header": (archive(embeddings=header_of("__import__('os').abort()"), label_indices=INDICES), DAMAGED),
    "whole numbers": (archive(embeddings=array(np.zeros((4, 3), np.int32)), label_indices=INDICES), ODD),
    "not a number": (archive(embeddings=array(np.full((4, 3), np.nan, np.float32)), label_indices=INDICES), DAMAGED),
    "a bomb": (
        archive(embeddings=bytes(80 << 20), label_indices=INDICES),
        "it cannot be used: session.npz would unpack to more than a session holds.",
    ),
    "many members": (
        archive(**{f"m{number}": b"" for number in range(99)}),
        "it cannot be used: session.npz holds more than the samples.",
    ),
    "classes that are not there": (
        archive(embeddings=VECTORS, label_indices=array(np.array([0, 0, 1, 7]))),
        "session.npz is damaged, or was not written by a kiosk.",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_session_is_refused_with_a_reason(folder: Path, kind: str, tmp_path: Path) -> None:
    data, reason = HOSTILE[kind]
    (folder / "session.npz").write_bytes(data)
    assert refusal(lambda: read_session_anyhow(folder)) == reason
    assert not Path("pwned").exists()


def test_the_bait_would_run_if_it_were_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Pickled()))
    assert (tmp_path / "pwned").is_dir()


def test_an_archive_that_lies_about_its_size_gives_no_more_than_it_said(folder: Path) -> None:
    honest = bytearray(archive(embeddings=bytes(1 << 20), label_indices=INDICES))
    honest[:] = honest.replace((1 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    (folder / "session.npz").write_bytes(bytes(honest))
    assert refusal(lambda: read_session_anyhow(folder)) == DAMAGED


def test_pictures_that_are_none_are_left_out(folder: Path) -> None:
    first = min((folder / "samples").glob("0_*/001.jpg"))
    first.write_bytes(b"GIF89a not a picture")
    session = session_of(folder)
    assert session.samples[0].picture == b""
    assert session.samples[1].picture != b""


# --- models ---------------------------------------------------------------------------------------------


def test_a_model_that_is_one_is_read_with_its_labels(folder: Path) -> None:
    model = read_model(folder, runtime="litert")
    assert model.data == (folder / PLAIN_FILE).read_bytes()
    assert model.labels == ("Äpfel", "cup")
    assert 0 < model.threshold < 1


def changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    change(model)
    builder = flatbuffers.Builder(len(data) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def for_ever(model: Any) -> None:
    """Put a loop that never ends in front of everything."""
    graph = model.subgraphs[0]
    entry = int(graph.inputs[0])

    def copy_of(tensor: Any) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = b"loop", list(tensor.shape), tensor.type, 0
        made.quantization = tensor.quantization
        return made

    always = schema.BufferT()
    always.data = np.array([1], np.uint8)
    model.buffers.append(always)
    for condition in (True, False):
        part = schema.SubGraphT()
        part.tensors, part.operators, part.inputs, part.outputs = [copy_of(graph.tensors[entry])], [], [0], [0]
        if condition:
            yes = schema.TensorT()
            yes.name, yes.shape, yes.type, yes.buffer = b"yes", [1], schema.TensorType.BOOL, len(model.buffers) - 1
            part.tensors.append(yes)
            part.outputs = [1]
        model.subgraphs.append(part)
    graph.tensors.append(copy_of(graph.tensors[entry]))
    looped = len(graph.tensors) - 1
    for operator in graph.operators:
        operator.inputs = [looped if int(one) == entry else int(one) for one in operator.inputs]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.WHILE
    code.version = 1
    model.operatorCodes.append(code)
    loop = schema.OperatorT()
    loop.opcodeIndex, loop.inputs, loop.outputs = len(model.operatorCodes) - 1, [entry], [looped]
    loop.builtinOptionsType = schema.BuiltinOptions.WhileOptions
    loop.builtinOptions = schema.WhileOptionsT()
    loop.builtinOptions.condSubgraphIndex, loop.builtinOptions.bodySubgraphIndex = 1, 2
    graph.operators.insert(0, loop)


def test_a_model_that_never_answers_is_stopped(folder: Path) -> None:
    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), for_ever))
    started_s = time.monotonic()
    assert refusal(lambda: read_model(folder, runtime="litert", limits=Limits(wall_s=6.0))) == TOO_LONG
    assert 5 < time.monotonic() - started_s < 30
    started_s, limits = time.monotonic(), Limits(wall_s=200.0, processor_s=4)
    assert refusal(lambda: read_model(folder, runtime="litert", limits=limits)) == TOO_LONG
    assert time.monotonic() - started_s < 100


def test_a_model_that_wants_more_memory_than_it_may_is_refused(folder: Path) -> None:
    def enormous(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.tensors[int(graph.inputs[0])].shape = [1, 40_000, 40_000, 3]

    path = folder / PLAIN_FILE
    path.write_bytes(changed(path.read_bytes(), enormous))
    told = refusal(lambda: read_model(folder, runtime="litert", limits=QUICK))
    assert told == "it cannot be used: its model is damaged, or made for another machine."


def test_a_process_that_takes_more_memory_than_it_may_is_told_as_such() -> None:
    """450 MB beside the interpreter and its libraries, where they may take 600 MB in all."""
    told = refusal(lambda: ask_apart("session", {}, [bytes(450 << 20)], Limits(memory_bytes=600 << 20)))
    assert told == "it takes more memory than a folder of the kiosk needs, so it was stopped."


def test_what_is_no_classifier_is_refused(folder: Path) -> None:
    path, whole = folder / PLAIN_FILE, (folder / PLAIN_FILE).read_bytes()
    from tpu.models import default_extractor_path

    for data, reason in (
        (b"MZ this is a program", "it cannot be used: its model is damaged, or made for another machine."),
        (
            default_extractor_path().read_bytes(),
            "it cannot be used: it does not end in probabilities. Use a model that TRAIN exported.",
        ),
    ):
        path.write_bytes(data)
        assert refusal(lambda: read_model(folder, runtime="litert")) == reason
    taught = json.loads((folder / "metadata.json").read_bytes())
    (folder / "metadata.json").write_text(json.dumps({**taught, "labels": ["a", "b", "c", "d", "e"]}))
    path.write_bytes(whole)
    assert refusal(lambda: read_model(folder, runtime="litert")) == (
        "it cannot be used: its model tells other classes apart than its labels name."
    )
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(lambda: read_model(folder, runtime="litert")).startswith("it ")


def test_a_process_that_crashes_is_told_as_such() -> None:
    assert refusal(lambda: ask_apart("no such task", {}, [], QUICK)) == CRASHED
    assert refusal(lambda: ask_apart("session", {}, [b"x" * 100], Limits(written_bytes=1))) == CRASHED
    assert MODEL_LIMITS.memory_bytes == 1 << 30


# --- at the kiosk ---------------------------------------------------------------------------------------


def plug_in(station: Station, stick: Path) -> None:
    """Plug the drive in, and wait out the moment in which a press is no answer."""
    station.drives.insert("STICK", stick)
    found = find_folder(stick)
    assert found is not None
    station.kiosk.events.put(FolderFound("STICK", found.path, found.labels, found.has_session, found.has_model))
    for passed_s in (0.0, 0.0, 1.0):
        station.now_s += passed_s
        station.kiosk.tick()
    assert station.kiosk.state.mode is Mode.ASK_FOLDER


def test_carrying_on_puts_the_session_of_here_away_and_learns_the_other(station: Station, stick: Path) -> None:
    station.teach(shots=3)
    plug_in(station, stick)
    station.panel.tap(0)
    station.settle()
    state = station.kiosk.state
    assert state.mode is Mode.LIVE
    assert state.labels == ("Äpfel", "cup", "duck")
    assert state.shots == (4, 4, 0)
    assert len(state.classes[0].thumbnails) == 4
    (put_away,) = (station.config.data_dir / ARCHIVE).iterdir()
    database = sqlite3.connect(put_away)
    assert database.execute("SELECT class_index, count(*) FROM samples GROUP BY 1").fetchall() == [(0, 3), (1, 3)]
    database.close()
    station.table.show("apple")
    station.look()
    assert station.kiosk.observation is not None
    assert station.kiosk.observation.probabilities is not None


def test_a_session_that_is_refused_changes_nothing(station: Station, stick: Path, folder: Path) -> None:
    station.teach(shots=3)
    before = station.store.load()
    plug_in(station, stick)
    (folder / "session.npz").write_bytes(b"broken meanwhile")
    station.panel.tap(0)
    station.settle()
    after, state = station.store.load(), station.kiosk.state
    assert [one.picture for one in after.samples] == [one.picture for one in before.samples]
    assert (state.mode, state.shots) == (Mode.TEACH, (3, 3, 0))
    assert state.notice is not None
    assert str(state.notice.text) == f"That folder is not used: {DAMAGED}"
    assert not (station.config.data_dir / ARCHIVE).exists()


def test_a_model_is_shown_and_reset_goes_back_to_what_was_taught_here(station: Station, stick: Path) -> None:
    station.teach(shots=3)
    station.press(Action.TRAIN)
    own = station.vision.model
    plug_in(station, stick)
    station.panel.tap(1)
    station.settle()
    assert (station.kiosk.state.labels, station.kiosk.state.shown_from) == (("Äpfel", "cup"), "STICK")
    for button in (0, Action.TRAIN, Action.SAVE, Action.UNDO):
        station.panel.tap(button)
        station.settle()
    assert station.store.load().shots() == (3, 3, 0)
    station.press(Action.RESET)
    state = station.kiosk.state
    assert (state.mode, state.labels, state.shots) == (Mode.LIVE, ("apple", "cup", "duck"), (3, 3, 0))
    assert own is not None
    assert station.vision.model is not None
    assert station.vision.model.path == own.path
    assert list((station.config.data_dir / "models").glob("shown-*")) == []


def test_saying_no_or_nothing_leaves_everything_as_it_is(station: Station, stick: Path) -> None:
    station.teach(shots=2)
    plug_in(station, stick)
    station.press(Action.CANCEL)
    assert station.kiosk.state.mode is Mode.TEACH
    plug_in(station, stick)
    station.now_s += 31.0
    station.kiosk.tick()
    assert station.kiosk.state.mode is not Mode.ASK_FOLDER
    assert station.store.load().shots() == (2, 2, 0)
