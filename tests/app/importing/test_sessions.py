"""A session of unknown origin is read completely or not at all, and no code in it ever runs."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.untrusted_folders import DAMAGED, read_session_of_any_extractor, refusal, session_of

pytestmark = pytest.mark.needs_runtime


def test_a_session_is_read_as_it_was_saved(folder: Path) -> None:
    session = session_of(folder)
    with np.load(folder / "session.npz", allow_pickle=False) as arrays:
        assert np.array_equal(session.embeddings(), arrays["embeddings"])
        assert session.label_indices().tolist() == arrays["label_indices"].tolist()
    assert session.labels == ("Äpfel", "cup", "duck")
    assert all(sample.picture[:2] == b"\xff\xd8" for sample in session.samples)


def test_pictures_are_embedded_again_for_another_extractor_and_without_them_it_is_refused(folder: Path) -> None:
    again = session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3)
    assert again.embeddings().shape == (8, 3)
    assert again.extractor_sha256 == "0" * 64
    shutil.rmtree(folder / "samples")
    assert session_of(folder).samples[0].picture == b""
    text = refusal(lambda: session_of(folder, extractor_name="ours", extractor_sha256="0" * 64, feature_dim=3))
    assert text == (
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
    assert refusal(lambda: read_session_of_any_extractor(folder)) == reason
    assert not Path("pwned").exists()


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
