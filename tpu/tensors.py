"""Picture → tensor → numbers: the one place where crop, resize, colour order and quantization are decided.

Teaching, live recognition, `classify` and the exported folder's own script all follow what is written
here, and `PREPROCESSING` is what an export writes down of it:

1. centre square: the largest square in the middle of the picture, or a share of it where the camera is zoomed;
2. resize to the model's input, by area when it shrinks and bilinearly when it grows;
3. RGB, not mirrored;
4. uint8 input: the byte is the pixel. int8 input: the pixel − 128. float32 input: pixel / 127.5 − 1.

Source: the input conventions of Google's image models (byte inputs stand for −1..1 at scale 1/128 or 1/127.5
and zero point 127 or 128, so the pixel's byte is the quantized value itself; pycoral writes bytes as they are).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tpu.errors import PictureUnreadable

ImageArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
"""Of files that `read_picture` reads."""


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a model input, in words that an export can carry."""

    crop: str = "centre-square"
    crop_share: float = 1.0  # of the largest centred square's edge
    resize: str = "area when shrinking, bilinear when growing"
    colour: str = "RGB"
    mirrored: bool = False

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


PREPROCESSING = Preprocessing()


def read_picture(path: Path) -> ImageArray:
    """Read a picture file.

    Returns:
        RGB, uint8, shape (H, W, 3), upright as its EXIF orientation says.

    Raises:
        PictureUnreadable: If the file is missing, or no picture that OpenCV decodes.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise PictureUnreadable(path, error.strerror or "") from error
    try:
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if data.size else None
    except cv2.error:
        decoded = None
    if decoded is None:
        raise PictureUnreadable(path)
    return np.asarray(decoded, np.uint8)


def centre_square(height_px: int, width_px: int, share: float = 1.0) -> tuple[int, int, int]:
    """The centred square of a picture as (top, left, side), in pixels; `share` of the largest one's edge."""
    side = max(1, round(min(height_px, width_px) * share))
    return (height_px - side) // 2, (width_px - side) // 2, side


def centre_crop(image: ImageArray, share: float = 1.0) -> ImageArray:
    """Cut the centre square out of an image (H, W, 3), as a view."""
    height, width = image.shape[:2]
    top, left, side = centre_square(height, width, share)
    return image[top : top + side, left : left + side]


def prepare_picture(image: ImageArray, size_px: int) -> ImageArray:
    """Crop and resize a picture to what a model sees.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        size_px: Edge of the model's square input.

    Returns:
        RGB, uint8, shape (size_px, size_px, 3).
    """
    square = centre_crop(image)
    side = square.shape[0]
    if side == size_px:
        return square
    how = cv2.INTER_AREA if side > size_px else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (size_px, size_px), interpolation=how), np.uint8)


def input_tensor(picture: ImageArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Turn a picture (S, S, 3) into an input (1, S, S, 3) of `dtype`: uint8, int8 or float32."""
    batch = picture[np.newaxis]
    if dtype == np.uint8:
        return batch
    if dtype == np.int8:
        return (batch ^ 0x80).view(np.int8)  # flipping the top bit subtracts 128
    return batch.astype(np.float32) / np.float32(127.5) - np.float32(1)


def dequantized(values: NDArray[Any], detail: Mapping[str, Any]) -> FloatArray:
    """Turn a model output into real numbers, flat, float32: real = scale × (q − zero point).

    Args:
        values: The output tensor, any shape.
        detail: Its entry in the interpreter's `get_output_details()`.
    """
    flat = values.reshape(-1)
    if flat.dtype == np.float32:
        return flat.copy()
    scale, zero_point = detail["quantization"]
    return (np.float32(scale) * (flat.astype(np.int32) - int(zero_point))).astype(np.float32)
