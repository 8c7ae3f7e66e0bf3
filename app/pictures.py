"""Pictures as they are kept: JPEG of the centre square, and the small ones that the screen shows."""

from __future__ import annotations

import cv2
import numpy as np

from app.errors import SessionUnreadable
from app.ports import ImageArray
from tpu.tensors import centre_crop, prepare_picture

LARGEST_PX = 320  # more than any known extractor sees, and about 30 kB
THUMBNAIL_PX = 96
JPEG_QUALITY = 95


def encode_picture(image: ImageArray) -> bytes:
    """Keep the centre square of an image (RGB, uint8, (H, W, 3)) as JPEG, at most LARGEST_PX wide."""
    square = centre_crop(image)
    if square.shape[0] > LARGEST_PX:
        square = prepare_picture(square, LARGEST_PX)
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(square, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )
    if not done:
        raise ValueError(f"OpenCV does not encode a picture of shape {image.shape}")
    return data.tobytes()


def decode_picture(data: bytes) -> ImageArray:
    """Open a kept picture: RGB, uint8, shape (S, S, 3), read-only.

    Raises:
        SessionUnreadable: If the bytes are no picture.
    """
    encoded = np.frombuffer(data, np.uint8)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB) if encoded.size else None
    if decoded is None:
        raise SessionUnreadable("a stored picture is damaged. Press RESET and teach again.")
    image = np.asarray(decoded, np.uint8)
    image.flags.writeable = False
    return image


def thumbnail(image: ImageArray) -> ImageArray:
    """The centre square of an image in the screen's small size: RGB, uint8, read-only."""
    small = np.ascontiguousarray(prepare_picture(image, THUMBNAIL_PX))
    if small.base is not None or small is image:
        small = small.copy()
    small.flags.writeable = False
    return small
