"""Pictures are decoded only if their header promises a size that may be decoded."""

from __future__ import annotations

import io
import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from app.base.errors import PictureDamaged
from app.session.pictures import decode_picture
from tpu.errors import PictureUnreadable
from tpu.picture_files import decode, picture_size
from tpu.tensors import read_picture

pytestmark = pytest.mark.needs_runtime

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
ENDINGS = [".jpg", ".png", ".bmp", ".webp", ".tiff", *[".gif"] * cv2.haveImageWriter("a.gif")]  # OpenCV 5 writes GIF


def encoded(ending: str, *options: int) -> bytes:
    return cv2.imencode(ending, PICTURE, list(options))[1].tobytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_size_in_the_header_is_that_of_the_decoded_picture(ending: str) -> None:
    data = encoded(ending)
    assert picture_size(data) == (50, 30)
    assert decode(data).shape == (30, 50, 3)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_both_kinds_of_tiff_say_their_size_in_both_orders_of_bytes(order: str, big: bool) -> None:
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(f"{order}HHHQ", 43, 8, 0, 16)
        tags = [struct.pack(f"{order}HHQQ", tag, 16, 1, size) for tag, size in ((256, 640), (257, 480))]
        data = head + struct.pack(f"{order}Q", 2) + b"".join(tags)
    else:
        head = mark + struct.pack(f"{order}HI", 42, 8)
        tags = [struct.pack(f"{order}HHII", tag, 4, 1, size) for tag, size in ((256, 640), (257, 480))]
        data = head + struct.pack(f"{order}H", 2) + b"".join(tags)
    assert picture_size(data) == (640, 480)
    assert picture_size(data[:-20]) is None


def test_progressive_lossless_and_transparent_files_have_their_size_in_the_header_too() -> None:
    assert picture_size(encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)) == (50, 30)
    for quality in (80, 101):  # 101 is lossless
        assert picture_size(encoded(".webp", cv2.IMWRITE_WEBP_QUALITY, quality)) == (50, 30)
    transparent, webp = Image.fromarray(PICTURE), io.BytesIO()
    transparent.putalpha(100)
    transparent.save(webp, "webp", quality=80)
    assert picture_size(webp.getvalue()) == (50, 30)


def png(width: int, height: int) -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(bytes(1 << 20))) + part(b"IEND", b"")
    )


def with_size(data: bytes, width: int, height: int) -> bytes:
    """Change the size in the header of a JPEG."""
    at = next(at for at in range(len(data)) if data[at] == 0xFF and data[at + 1] == 0xC0)
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


BOMBS = {
    "png of 60,000 × 60,000": png(60_000, 60_000),
    "png of 9,000 × 9,000": png(9_000, 9_000),
    "png with a part of gigabytes": encoded(".png")[:33] + b"\x7f\xff\xff\xffIDAT" + encoded(".png")[41:],
    "jpeg of 30,000 × 30,000": with_size(encoded(".jpg"), 30_000, 30_000),
    "jpeg of 7,000 × 7,000 in a few bytes": with_size(encoded(".jpg"), 7_000, 7_000),
    "bmp of 30,000 × 30,000": encoded(".bmp")[:18] + struct.pack("<ii", 30_000, -30_000) + encoded(".bmp")[26:],
    "gif of 60,000 × 60,000": b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + bytes(200),
    "jpeg without a frame": b"\xff\xd8\xff\xda" + bytes(100),
    "tiff with a directory beyond all": b"II*\0" + struct.pack("<I", 1 << 31),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_picture_that_claims_too_much_is_refused_before_it_is_decoded(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(BOMBS[kind])
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PictureUnreadable):
        read_picture(path)
    with pytest.raises(PictureDamaged):
        decode_picture(BOMBS[kind])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib < 20_000


def test_the_reason_names_the_size(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(BOMBS["jpeg of 30,000 × 30,000"])
    with pytest.raises(PictureUnreadable) as caught:
        read_picture(path)
    assert caught.value.reason == "it has 30000 × 30000 pixels, more than 64 million"


def test_the_reason_names_width_and_height_in_this_order(tmp_path: Path) -> None:
    data = bytearray(encoded(".bmp"))
    data[18:26] = struct.pack("<ii", 30_000, 20_000)
    path = tmp_path / "picture.bmp"
    path.write_bytes(data)
    with pytest.raises(PictureUnreadable) as caught:
        read_picture(path)
    assert caught.value.reason == "it has 30000 × 20000 pixels, more than 64 million"


def test_a_tiff_in_colours_that_would_be_misread_is_refused(tmp_path: Path) -> None:
    for mode, readable in (("RGB", True), ("L", True), ("CMYK", True), ("LAB", False), ("F", False), ("I", False)):
        path = tmp_path / f"{mode}.tif"
        Image.fromarray(PICTURE).convert("L" if mode in "FI" else "RGB").convert(mode).save(path)
        assert (decode(path.read_bytes()) is not None) is readable, mode


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_was_cut_is_no_half_picture(ending: str) -> None:
    data = encoded(ending)
    shown = decode(data[: len(data) // 2])
    assert shown is None or shown.shape == (30, 50, 3)
    if ending in (".jpg", ".png"):
        assert shown is None


LARGE = cv2.resize(PICTURE, (1000, 600), interpolation=cv2.INTER_CUBIC)


def jpeg(orientation: int = 1, mode: str = "RGB", **options: object) -> bytes:
    file, picture = io.BytesIO(), Image.fromarray(LARGE).convert(mode)
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(file, "JPEG", exif=exif, quality=95, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("least_edge_px", "size"),
    [
        (None, (600, 1000)),
        (301, (600, 1000)),
        (300, (300, 500)),
        (151, (300, 500)),
        (150, (150, 250)),
        (75, (75, 125)),
        (1, (75, 125)),
    ],
)
def test_a_jpeg_is_reduced_while_its_shorter_edge_keeps_enough_pixels(
    least_edge_px: int | None, size: tuple[int, int]
) -> None:
    shown = decode(jpeg(), least_edge_px=least_edge_px)
    assert shown.shape == (*size, 3)
    whole = cv2.resize(decode(jpeg()), size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shown.astype(int) - whole).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_jpeg_is_turned_upright_as_a_whole_one(orientation: int) -> None:
    whole, shown = decode(jpeg(orientation)), decode(jpeg(orientation), least_edge_px=150)
    assert shown.shape[:2] == tuple(edge // 4 for edge in whole.shape[:2])
    small = cv2.resize(whole, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shown.astype(int) - small).mean() < 2


@pytest.mark.parametrize("options", [{"mode": "L"}, {"mode": "CMYK"}, {"progressive": True}])
def test_jpegs_of_all_kinds_are_reduced(options: dict[str, Any]) -> None:
    assert decode(jpeg(**options), least_edge_px=150).shape == (150, 250, 3)


def test_a_reduced_jpeg_that_was_cut_is_no_half_picture() -> None:
    data = jpeg()
    assert decode(data[: len(data) // 2], least_edge_px=150) is None


@pytest.mark.parametrize("ending", [one for one in ENDINGS if one != ".jpg"])
def test_pictures_of_other_formats_are_decoded_whole(ending: str) -> None:
    data = cv2.imencode(ending, LARGE)[1].tobytes()
    assert np.array_equal(decode(data, least_edge_px=150), decode(data))
