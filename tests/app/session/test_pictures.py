"""Stored pictures: their size is read from the header, and a picture that claims to be enormous is never decoded."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.base.errors import PictureDamaged
from app.session.pictures import decode_picture, encode_picture
from app.session.store import SessionStore
from tests.support.stores import EMBEDDING, PICTURE, open_store
from tpu.picture_files import picture_size

pytestmark = pytest.mark.needs_runtime


def enormous(width: int = 30_000, height: int = 30_000) -> bytes:
    """A JPEG whose header claims a size that its data do not have."""
    data = bytearray(encode_picture(PICTURE))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize("size", [(64, 48), (1, 1), (320, 320), (1000, 3)])
@pytest.mark.parametrize("progressive", [0, 1])
def test_the_size_is_read_from_the_header(size: tuple[int, int], progressive: int) -> None:
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    _, data = cv2.imencode(".jpg", np.zeros((size[1], size[0], 3), np.uint8), flags)
    assert picture_size(data.tobytes()) == size


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\x89PNG\r\n\x1a\n" * 9, b"x" * 99])
def test_bytes_without_a_header_are_no_picture(data: bytes) -> None:
    assert picture_size(data) is None
    with pytest.raises(PictureDamaged):
        decode_picture(data)


def test_a_header_that_never_ends_is_no_picture() -> None:
    assert picture_size(b"\xff\xd8" + b"\xff" * 100_000) is None
    assert picture_size(b"\xff\xd8" + b"\xff\xe0\x00\x00" * 1000) is None


def test_a_picture_that_claims_to_be_enormous_is_not_decoded() -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PictureDamaged):
        decode_picture(enormous())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000


def test_a_session_with_such_a_picture_keeps_its_sample_without_the_picture(tmp_path: Path) -> None:
    with closing(open_store(tmp_path / "s")) as store:
        store.add(0, EMBEDDING, PICTURE)
        store.add(1, EMBEDDING, PICTURE)
    with closing(sqlite3.connect(tmp_path / "s")) as database, database:
        database.execute("UPDATE samples SET picture = ? WHERE sample_id = 2", (enormous(),))
    with closing(SessionStore(tmp_path / "s", labels=(), extractor_name="x", extractor_sha256="1")) as store:
        assert [bool(one.picture) for one in store.load().samples] == [True, False]
        assert str(store.opened.repair) == "The stored session was damaged and has been repaired."
