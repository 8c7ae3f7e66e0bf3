"""Decode picture files. Their size is read from the header first, so that no file can claim all memory.

Sources: ITU-T T.81 annex B (JPEG); W3C PNG 11.2.2; Microsoft BITMAPINFOHEADER; the WebP container specification and
RFC 6386 section 9.1; TIFF 6.0 section 2 and BigTIFF; GIF89a section 18.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tpu.plain_files import read_plain_file

MOST_PIXELS = 64_000_000  # 8,000 × 8,000; decoded, that is 192 MB
PIXELS_OF_ANY_FILE, MOST_PIXELS_PER_BYTE = 16_000_000, 2_000  # larger pictures need a file that can hold them
MOST_PARTS = 200_000  # of a PNG
MOST_SEGMENTS = 10_000  # of a JPEG before its picture
LARGEST_FILE_BYTES = 256 << 20
JPEG_START = b"\xff\xd8"
REDUCED = {  # OpenCV's flags for what libjpeg divides the edges by; "grey" in their names is the lack of a colour flag
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
}
_AFTER_FILL = re.compile(rb"[^\xff]")


def read_file(path: Path) -> bytes:
    """Read a picture file.

    Raises:
        OSError: If it is missing, not a plain file, larger than LARGEST_FILE_BYTES, or cannot be read.
    """
    return read_plain_file(path, LARGEST_FILE_BYTES)


def decode(
    data: bytes, *, most_pixels: int = MOST_PIXELS, least_edge_px: int | None = None
) -> NDArray[np.uint8] | None:
    """Decode a JPEG, PNG, BMP, WebP, TIFF or GIF.

    Args:
        data: The file.
        most_pixels: Larger pictures are not decoded.
        least_edge_px: A JPEG is decoded at a half, a quarter or an eighth of its size, which is several times as fast,
            while its shorter edge keeps this many pixels. None decodes all of them.

    Returns:
        RGB, uint8, (H, W, 3), turned upright by its EXIF orientation; None if it is damaged, of another format, or
        larger than `most_pixels`, or claims to be larger than its bytes can hold.
    """
    size = picture_size(data)
    if size is None:
        return None
    pixels = size[0] * size[1]
    too_much_for_its_bytes = pixels > max(PIXELS_OF_ANY_FILE, MOST_PIXELS_PER_BYTE * len(data))
    if not 0 < pixels <= most_pixels or too_much_for_its_bytes:
        return None
    how = cv2.IMREAD_COLOR_RGB
    if least_edge_px is not None and data[:2] == JPEG_START:
        how |= next((flag for part, flag in REDUCED.items() if min(size) // part >= least_edge_px), 0)
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except (cv2.error, MemoryError):
        return None
    return None if decoded is None else np.asarray(decoded, np.uint8)


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Read width and height from the header of a picture file; None if it is of no known format, or damaged."""
    try:
        if data[:2] == JPEG_START:
            return _jpeg(data)
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            return _png(data)
        if data[:2] == b"BM":
            return _bmp(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return _tiff(data)
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return _unpacked("<HH", data, 6)
    except (struct.error, IndexError, OverflowError):
        pass
    return None


def _unpacked(form: str, data: bytes, at: int) -> tuple[int, int]:
    width, height = struct.unpack_from(form, data, at)
    return width, height


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Find the frame header as libjpeg does: bytes between two segments are skipped."""
    at = 2
    for _ in range(MOST_SEGMENTS):
        at = data.find(b"\xff", at)
        if at < 0:
            return None
        code = _AFTER_FILL.search(data, at)
        if code is None:
            return None
        marker, at = data[code.start()], code.end()
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if marker in (0xD9, 0xDA):  # the end, or pixels without a frame
            return None
        if marker not in (0x00, 0x01) and not 0xD0 <= marker <= 0xD8:
            at += struct.unpack_from(">H", data, at)[0]
    return None


def _png(data: bytes) -> tuple[int, int] | None:
    """Read the size, after checking that every part lies inside the file: OpenCV reserves memory for what it claims."""
    at = 8
    for _ in range(MOST_PARTS):
        if at >= len(data):
            return None
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        if at > len(data):
            return None
        if kind == b"IEND":
            return _unpacked(">II", data, 16)
    return None


def _bmp(data: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", data, 14)[0] == 12:
        return _unpacked("<HH", data, 18)
    width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _tiff(data: bytes) -> tuple[int, int] | None:
    """Read the tags ImageWidth (256) and ImageLength (257) of the first directory.

    Colours of other kinds than grey, RGB, a palette, CMYK and YCbCr (tag 262), such as CIELab, count as damage, because
    OpenCV takes them for RGB.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = b"+" in data[2:4]
    start = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), data, start)[0]
    entry, entry_bytes, value_at = start + (8 if big else 2), (20 if big else 12), (12 if big else 8)
    found = {}
    for number in range(min(count, 512)):
        at = entry + number * entry_bytes
        tag, kind = struct.unpack_from(order + "HH", data, at)
        if tag == 262 and struct.unpack_from(order + "H", data, at + value_at)[0] not in (0, 1, 2, 3, 5, 6):
            return None
        if tag in (256, 257):
            form = {3: "H", 4: "I", 16: "Q"}.get(kind)
            if form is None:
                return None
            found[tag] = struct.unpack_from(order + form, data, at + value_at)[0]
    return (found[256], found[257]) if len(found) == 2 else None
