"""The archive behind a model may lie about its sizes."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.support.fuzzing import MOST_MEMORY_BYTES
from tpu.archives import read_arrays, read_member
from tpu.novelty import read_novelty_test

pytestmark = pytest.mark.needs_runtime


def archive(*members: tuple[str, bytes], before: bytes = b"TFL3 model") -> bytes:
    stream = io.BytesIO(before)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return stream.getvalue()


def npz(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_a_member_is_read_from_behind_a_model() -> None:
    data = archive(("labels.txt", b"a\nb\n"), ("x", b"y"))
    assert read_member(data, "labels.txt", 100) == b"a\nb\n"
    assert read_member(data, "none", 100) is None
    assert read_member(data, "labels.txt", 3) is None
    assert read_member(b"no archive", "labels.txt", 100) is None


def test_a_member_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    bomb = archive(("not_sure.npz", bytes(200 << 20)))
    assert len(bomb) < 1 << 20
    lying = bomb.replace((200 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    tracemalloc.start()
    try:
        assert read_member(bomb, "not_sure.npz", 64 << 20) is None
        assert read_novelty_test(bomb) is None
        assert read_member(lying, "not_sure.npz", 1 << 20) is None
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_an_archive_with_very_many_members_is_not_even_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (archive(*((f"m{number}", b"1") for number in range(count))) for count in (2, 5_000))
    assert read_member(few, "m1", 100) == b"1"
    monkeypatch.setattr(zipfile.ZipFile, "infolist", pytest.fail)
    monkeypatch.setattr(zipfile.ZipFile, "__init__", pytest.fail)
    assert read_member(many, "m1", 100) is None


def test_arrays_are_numbers_and_never_objects(tmp_path: Path) -> None:
    sound = npz(a=np.arange(6).reshape(2, 3), b=np.float32(2.5))
    arrays = read_arrays(sound, ("a", "b", "c"), MOST_MEMORY_BYTES)
    assert {name: one.tolist() for name, one in arrays.items()} == {"a": [[0, 1, 2], [3, 4, 5]], "b": 2.5}
    for other in (
        npz(a=np.array([{}], object)),
        npz(a=np.array(["x"])),
        sound[:200],
        b"",
        sound.replace(b"(2, 3)", b"(2,-3)"),
    ):
        assert read_arrays(other, "a", MOST_MEMORY_BYTES) is None


def test_many_small_arrays_that_are_large_together_are_refused_and_others_are_never_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unpacked = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda file, n=-1: unpacked.append(file.name) or read(file, n))
    data = npz(**{name: np.zeros(1000, np.float32) for name in ("a", "b", "c")})
    assert read_arrays(data, "abc", 12_000) is None
    assert unpacked == []
    assert set(read_arrays(data, "bx", 5_000) or ()) == {"b"}
    assert set(unpacked) == {"b.npy"}


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_arrays_are_read_in_both_forms_of_their_header(version: tuple[int, int]) -> None:
    stream, array = io.BytesIO(), np.arange(6, dtype=np.float32).reshape(2, 3)
    np.lib.format.write_array(stream, array, version=version)
    found = read_arrays(archive(("centre.npy", stream.getvalue()), before=b""), ("centre",), 1 << 20)
    assert found is not None
    assert np.array_equal(found["centre"], array)


def test_an_array_with_the_longer_form_of_the_header_is_read() -> None:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.arange(3.0), version=(2, 0))
    found = read_arrays(archive(("a.npy", stream.getvalue()), before=b""), ("a",), 1 << 20)
    assert found is not None
    assert found["a"].tolist() == [0.0, 1.0, 2.0]
