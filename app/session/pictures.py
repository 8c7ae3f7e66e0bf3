"""Compress pictures of samples for the disk, and scale them down for the screen."""

from __future__ import annotations

import logging

import cv2
import numpy as np

from app.base.errors import PictureDamaged, PictureNotEncoded
from app.base.picture import Picture
from app.base.ports import ImageArray
from app.session.session import Session

logger = logging.getLogger(__name__)

STORED_PX = 320  # larger than any usual extractor's input, small enough for hundreds
THUMBNAIL_PX = 96
JPEG_QUALITY = 95
LONGEST_EDGE_PX = 2048  # of a stored picture that is decoded; `encode_picture` never writes more than STORED_PX


def encode_picture(square: ImageArray) -> bytes:
    """Compress a square picture to JPEG, at most STORED_PX on an edge.

    Args:
        square: RGB, uint8, (S, S, 3).

    Raises:
        PictureNotEncoded: If OpenCV cannot compress it.
    """
    if square.shape[0] > STORED_PX:
        square = np.asarray(cv2.resize(square, (STORED_PX, STORED_PX), interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", cv2.cvtColor(square, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise PictureNotEncoded
    return data.tobytes()


def decode_picture(data: bytes) -> ImageArray:
    """Decode a picture that `encode_picture` made.

    Returns:
        RGB, uint8, (S, S, 3).

    Raises:
        PictureDamaged: If the bytes are not a JPEG, or claim to be larger than LONGEST_EDGE_PX; nothing is decoded.
    """
    size = jpeg_size(data)
    if size is None or max(size) > LONGEST_EDGE_PX:
        raise PictureDamaged
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise PictureDamaged
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Read the width and height of a JPEG from its header, without decoding it; None if it has no such header.

    Source: ITU-T T.81, annex B.2: segments begin with FF and a code, then their length; a frame header (SOF) holds the
    size.
    """
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        code = data[at + 1]
        if code == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(data[at + start : at + start + 2], "big") for start in (5, 7))
            return (width, height) if width and height else None
        elif code == 0x01 or 0xD0 <= code <= 0xDA:  # the picture's data begins, and there was no frame header
            return None
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def thumbnail(square: ImageArray, edge_px: int = THUMBNAIL_PX) -> ImageArray:
    """Return a small copy for the screen: RGB, uint8, (edge_px, edge_px, 3), read-only."""
    how = cv2.INTER_AREA if square.shape[0] > edge_px else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(square, (edge_px, edge_px), interpolation=how), np.uint8)
    small.flags.writeable = False
    return small


def newest_thumbnails(session: Session, class_index: int, most: int) -> tuple[Picture, ...]:
    """Return small copies of the pictures of a class, the newest last; samples without a picture are left out."""
    own = [sample for sample in session.samples if sample.class_index == class_index and sample.picture]
    newest = []
    for sample in own[-most:]:
        try:
            newest.append(Picture(("sample", sample.sample_id), thumbnail(decode_picture(sample.picture))))
        except PictureDamaged:
            logger.warning("the picture of sample %d is damaged; its embedding is still used", sample.sample_id)
    return tuple(newest)


def small_picture(data: bytes, edge_px: int) -> ImageArray:
    """Return a stored picture as a `thumbnail`; plain grey if the picture is missing or damaged."""
    try:
        square = decode_picture(data)
    except PictureDamaged:
        square = np.full((8, 8, 3), 128, np.uint8)
    return thumbnail(square, edge_px)
