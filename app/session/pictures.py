"""Compress pictures of samples for the disk, and scale them down for the screen."""

from __future__ import annotations

import logging
from functools import cache

import cv2
import numpy as np

from app.base.errors import PictureDamaged, PictureNotEncoded
from app.base.picture import Picture
from app.base.ports import ImageArray
from app.session.session import Session
from tpu.picture_files import decode, picture_size

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
        PictureDamaged: If the bytes are not a picture, or claim to be larger than LONGEST_EDGE_PX; nothing is decoded.
    """
    size = picture_size(data)
    decoded = decode(data) if size is not None and max(size) <= LONGEST_EDGE_PX else None
    if decoded is None:
        raise PictureDamaged
    return decoded


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
    """Return a stored picture as a `thumbnail`; a drawing of a picture if it is missing or damaged."""
    try:
        return thumbnail(decode_picture(data), edge_px)
    except PictureDamaged:
        return no_picture(edge_px)


@cache
def no_picture(edge_px: int) -> ImageArray:
    """Draw what stands for a picture that was not kept, hills under a sun: RGB, uint8, (edge_px, edge_px, 3)."""
    paper, ink, size = (236, 228, 214), (196, 182, 158), 4 * edge_px
    drawn = np.full((size, size, 3), paper, np.uint8)
    cv2.circle(drawn, (round(0.68 * size), round(0.3 * size)), round(0.09 * size), ink, -1, cv2.LINE_AA)
    for corners in (((0.08, 0.8), (0.38, 0.36), (0.68, 0.8)), ((0.46, 0.8), (0.68, 0.52), (0.92, 0.8))):
        cv2.fillPoly(drawn, [np.array([[round(x * size), round(y * size)] for x, y in corners])], ink, cv2.LINE_AA)
    return thumbnail(drawn, edge_px)
