"""A session of unknown origin is read completely or not at all, and no code in it ever runs."""

from __future__ import annotations

import io
import mmap
import os
import pickle
import shutil
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.memory import resident_bytes
from app.guarded.sandbox import forget
from app.importing.read_session import LARGEST_PICTURE_BYTES
from app.session.session import MOST_MADE_VIEWS
from tests.support.untrusted_folders import DAMAGED, read_session_of_any_extractor, refusal, session_of

pytestmark = pytest.mark.needs_runtime


def test_a_session_is_read_as_it_was_saved(folder: Path) -> None:
    session = session_of(folder)
    with np.load(folder / "session.npz", allow_pickle=False) as arrays:
        assert np.array_equal(session.embeddings(), arrays["embeddings"])
        assert session.label_indices().tolist() == arrays["label_indices"].tolist()
    assert session.labels == ("Äpfel", "cup", "duck")
    assert all(sample.picture[:2] == b"\xff\xd8" for sample in session.samples)
    assert {sample.taken_at_s for sample in session.samples} == {0.0}  # it is not in the folder


def test_pictures_are_embedded_again_for_another_extractor_and_without_them_it_is_refused(folder: Path) -> None:
    again = session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3)
    assert again.embeddings().shape == (8, 3)
    assert again.extractor_sha256 == "0" * 64
    shutil.rmtree(folder / "samples")
    assert session_of(folder).samples[0].picture == b""
    text = refusal(lambda: session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3))
    assert text == (
        "it was taught with another network (kiosk_extractor; here it is ours), and without its pictures it cannot be "
        "learned again. Save it with pictures there."
    )


def test_pictures_that_take_more_room_than_a_session_holds_are_refused_before_they_are_opened(folder: Path) -> None:
    own = folder / "samples" / "0_full"
    shutil.rmtree(own.parent)
    own.mkdir(parents=True)
    for number in range(1, 1 + (96 << 20) // LARGEST_PICTURE_BYTES):
        (own / f"{number:03}.jpg").touch()
        os.truncate(own / f"{number:03}.jpg", LARGEST_PICTURE_BYTES)
    (own / "999.jpg").write_bytes(b"1")
    assert refusal(lambda: session_of(folder)) == "its pictures take more room than a session holds."


def test_no_picture_passes_through_a_file_on_the_disk(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even through one without a name, whose blocks would keep the picture after it is erased."""
    beside = tmp_path / "temporary"
    beside.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(beside))
    opened: list[str] = []

    def look(_fraction: float) -> None:
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # the one that lists the others
                opened.append(str(descriptor.readlink()))

    session_of(folder, on_progress=look)
    assert [name for name in opened if "memfd:question" in name]
    assert [name for name in opened if name.startswith(str(beside))] == []


class Pickled:
    """Runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pwned",)


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
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


ODD = "it cannot be used: embeddings in session.npz is not what the kiosk writes."
NOT_OURS = "session.npz is damaged, or was not written by a kiosk."


def odd(name: str) -> str:
    return f"it cannot be used: {name} in session.npz is not what the kiosk writes."


def archive_with(**members: Any) -> bytes:
    """Return an archive with a sound session, and these arrays beside its own."""
    return archive(embeddings=VECTORS, label_indices=INDICES, **{name: array(one) for name, one in members.items()})


def views(count: int, feature_dim: int = 3, value: float = 0.0) -> Any:
    return np.full((count, feature_dim), value, np.float32)


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
        NOT_OURS,
    ),
    "pickled holds": (archive_with(holds=np.array([Pickled()] * 4, object)), odd("holds")),
    "holds of fewer samples": (archive_with(holds=np.zeros(3, np.int64)), DAMAGED),
    "holds below unknown": (archive_with(holds=np.array([0, 0, -2, 1])), NOT_OURS),
    "holds in two dimensions": (archive_with(holds=np.zeros((4, 1), np.int64)), odd("holds")),
    "pickled views": (archive_with(made=np.array([Pickled()], object), made_source=np.zeros(1, int)), odd("made")),
    "views without their samples": (archive_with(made=views(2)), DAMAGED),
    "views of fewer samples": (archive_with(made=views(2), made_source=np.zeros(1, np.int64)), DAMAGED),
    "views of a sample that does not exist": (archive_with(made=views(1), made_source=np.array([4])), NOT_OURS),
    "views of a negative sample": (archive_with(made=views(1), made_source=np.array([-1])), NOT_OURS),
    "views of a fraction": (archive_with(made=views(1), made_source=np.zeros(1)), odd("made_source")),
    "views of another size": (archive_with(made=views(1, 4), made_source=np.zeros(1, np.int64)), DAMAGED),
    "infinite views": (archive_with(made=views(1, value=np.inf), made_source=np.zeros(1, np.int64)), DAMAGED),
    "views that declare more than they hold": (
        archive(embeddings=VECTORS, label_indices=INDICES, made=header_of("(900000, 900000)"), made_source=INDICES),
        DAMAGED,
    ),
    "a bomb of views": (
        archive(embeddings=VECTORS, label_indices=INDICES, made=bytes(80 << 20), made_source=INDICES),
        "it cannot be used: session.npz would unpack to more than a session holds.",
    ),
    "more views than a class may have": (
        archive_with(made=views(MOST_MADE_VIEWS + 1), made_source=np.zeros(MOST_MADE_VIEWS + 1, np.int64)),
        NOT_OURS,
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_session_is_refused_with_a_reason(folder: Path, kind: str, tmp_path: Path) -> None:
    data, reason = HOSTILE[kind]
    (folder / "session.npz").write_bytes(data)
    assert refusal(lambda: read_session_of_any_extractor(folder)) == reason
    assert not Path("pwned").exists()


def test_holds_and_views_come_with_their_samples_and_holds_are_numbered_from_zero(folder: Path) -> None:
    session = session_of(folder)
    feature_dim = session.embeddings().shape[1]
    holds = np.array([2**63 - 1, 2**63 - 1, 5, -1, 5, 0, 0, 0])
    made, made_source = np.arange(30 * feature_dim, dtype=np.float32).reshape(30, -1), np.array([7] * 14 + [2] * 16)
    members = {"embeddings": session.embeddings(), "label_indices": session.label_indices()}
    members |= {"holds": holds, "made": made, "made_source": made_source}
    (folder / "session.npz").write_bytes(archive(**{name: array(one) for name, one in members.items()}))
    read = session_of(folder)
    assert session.label_indices().tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert read.holds().tolist() == [0, 0, 1, -1, 2, 3, 3, 3], "a hold belongs to one class"
    assert [len(one.made) for one in read.samples] == [0, 0, 16, 0, 0, 0, 0, 14]
    assert np.array_equal(read.samples[2].made, made[14:])
    assert np.array_equal(read.samples[7].made, made[:14])
    other = session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3)
    assert other.holds().tolist() == read.holds().tolist()
    assert other.made()[0].shape == (0, 3), "views of another extractor are left out"


def test_a_session_saved_before_there_were_holds_has_unknown_holds_and_no_views(folder: Path) -> None:
    with np.load(folder / "session.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["embeddings", "holds", "label_indices", "made", "made_source"]
        old = archive(embeddings=array(arrays["embeddings"]), label_indices=array(arrays["label_indices"]))
    (folder / "session.npz").write_bytes(old)
    session = session_of(folder)
    assert session.holds().tolist() == [-1] * 8
    assert session.made()[1].tolist() == []


def test_the_hostile_pickle_would_run_if_it_were_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Pickled()))
    assert (tmp_path / "pwned").is_dir()


def test_no_more_is_unpacked_than_the_archive_declares(folder: Path) -> None:
    honest = bytearray(archive(embeddings=bytes(1 << 20), label_indices=INDICES))
    honest[:] = honest.replace((1 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    (folder / "session.npz").write_bytes(bytes(honest))
    assert refusal(lambda: read_session_of_any_extractor(folder)) == DAMAGED


def test_files_that_are_not_pictures_are_left_out(folder: Path) -> None:
    first = min((folder / "samples").glob("0_*/001.jpg"))
    first.write_bytes(b"GIF89a not a picture")
    session = session_of(folder)
    assert session.samples[0].picture == b""
    assert session.samples[1].picture != b""


def test_what_was_read_of_a_large_session_takes_no_memory_afterwards_and_can_be_read_again() -> None:
    """The answer of the process that unpacks it is a file in memory; the parts of it that were used are mapped here."""
    size = 64 << 20
    with os.fdopen(os.memfd_create("answer"), "w+b") as file:
        file.write(b"1" * size)
        file.flush()
        blob = memoryview(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ))
    before = resident_bytes()
    assert bytes(blob[:: 1 << 12]) == b"1" * (size >> 12)
    used = resident_bytes() - before
    forget([blob])
    assert used > size // 2
    assert resident_bytes() - before < size // 8
    assert blob[size - 1] == ord("1")
