"""Turn pictures into input tensors and output tensors into numbers: crop, resize, colour order and quantization.

Teaching, live recognition, `classify` and the script in exported folders all use these rules. Exports store them as
`PREPROCESSING`.

1. Crop to the largest centred square, or to a share of it if the camera is zoomed.
2. Resize to the model's input: while the square has at least twice the edge, halve it by means of 2 by 2 pixels,
   rounded up from a half, without the last row and column if its edge is odd; then interpolate bilinearly, with shares
   in 1/256, which every processor computes alike.
3. Keep RGB order; do not mirror.
4. uint8 input: the pixel itself. int8 input: pixel − 128. float32 input: (pixel − mean) / std for each channel, as the
   metadata of the model says (`tpu.input_metadata`); without metadata pixel / 127.5 − 1.

Source: the input conventions of Google's image models. Byte inputs stand for −1..1 with scale 1/128 or 1/127.5 and zero
point 127 or 128, so the pixel is the quantized value; pycoral copies the bytes unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tpu.errors import PictureUnreadable, StrPath
from tpu.picture_files import MOST_PIXELS, decode, picture_size, read_file

ImageArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
"""Suffixes of the files that `read_picture` reads."""


@dataclass(frozen=True)
class Normalization:
    """How float32 inputs are made from pixels: (pixel − mean) / std, for each channel R, G, B."""

    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    std: tuple[float, float, float] = (127.5, 127.5, 127.5)


DEFAULT_NORMALIZATION = Normalization()


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a model input, in words, for the metadata of an export."""

    crop: str = "centre-square"
    crop_share: float = 1.0  # of the edge of the largest centred square
    resize: str = "means of 2 by 2 pixels while the edge is at least twice as long, then bilinear"
    colour: str = "RGB"
    mirrored: bool = False
    float_input: Normalization = DEFAULT_NORMALIZATION  # models with other inputs do not use it

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)


PREPROCESSING = Preprocessing()


def read_picture(path: StrPath, least_edge_px: int | None = None) -> ImageArray:
    """Read a picture file.

    Args:
        path: The file.
        least_edge_px: See `tpu.picture_files.decode`. None reads every pixel.

    Returns:
        RGB, uint8, shape (H, W, 3), turned upright by its EXIF orientation.

    Raises:
        PictureUnreadable: If the file is missing, no plain file, too large, or cannot be decoded.
    """
    try:
        data = read_file(Path(path))
    except (OSError, ValueError) as error:  # ValueError: the path contains a null character
        raise PictureUnreadable(path, (error.strerror if isinstance(error, OSError) else str(error)) or "") from error
    decoded = decode(data, least_edge_px=least_edge_px)
    if decoded is None:
        raise PictureUnreadable(path, _why_not(data))
    return decoded


def _why_not(data: bytes) -> str:
    """Why a file was not decoded; empty if it is simply no picture."""
    size = picture_size(data)
    if size is not None and size[0] * size[1] > MOST_PIXELS:
        return f"it has {size[0]} × {size[1]} pixels, more than {MOST_PIXELS // 1_000_000} million"
    return ""


def centre_square(height_px: int, width_px: int, share: float = 1.0) -> tuple[int, int, int]:
    """Return the centred square of a picture as (top, left, side) in pixels; `share` scales its edge, 0..1."""
    side = max(1, round(min(height_px, width_px) * share))
    return (height_px - side) // 2, (width_px - side) // 2, side


def centre_crop(image: ImageArray, share: float = 1.0) -> ImageArray:
    """Return the centred square of an image (H, W, 3) as a view."""
    height, width = image.shape[:2]
    top, left, side = centre_square(height, width, share)
    return image[top : top + side, left : left + side]


def prepare_picture(image: ImageArray, size_px: int) -> ImageArray:
    """Crop and resize a picture to a model's input.

    The page and the script of saved folders do the same, to the last bit.

    Args:
        image: RGB, uint8, shape (H, W, 3).
        size_px: Edge length of the square input.

    Returns:
        RGB, uint8, shape (size_px, size_px, 3).
    """
    square = centre_crop(image)
    while (half := square.shape[0] // 2) >= size_px:  # OpenCV has vector instructions for halves alone
        even = square[: 2 * half, : 2 * half]
        square = np.asarray(cv2.resize(even, (half, half), interpolation=cv2.INTER_AREA), np.uint8)
    if square.shape[0] == size_px:
        return square
    return np.asarray(cv2.resize(square, (size_px, size_px), interpolation=cv2.INTER_LINEAR_EXACT), np.uint8)


def input_tensor(
    picture: ImageArray, dtype: np.dtype[Any], normalization: Normalization = DEFAULT_NORMALIZATION
) -> NDArray[Any]:
    """Turn a picture (S, S, 3) into an input tensor (1, S, S, 3) of `dtype`: uint8, int8 or float32.

    Args:
        picture: RGB, uint8.
        dtype: The type of the model's input.
        normalization: How float32 inputs are made; other types ignore it.
    """
    batch = picture[np.newaxis]
    if dtype == np.uint8:
        return batch
    if dtype == np.int8:
        return (batch ^ 0x80).view(np.int8)  # flipping the top bit subtracts 128
    mean, std = (np.array(values, np.float32) for values in (normalization.mean, normalization.std))
    return np.asarray(batch.astype(np.float32) / std - mean / std, np.float32)


def dequantized(values: NDArray[Any], detail: Mapping[str, Any]) -> FloatArray:
    """Turn an output tensor into real numbers, flat, float32: real = scale × (q − zero point).

    Args:
        values: The output tensor, any shape.
        detail: Its entry in the interpreter's `get_output_details()`.
    """
    flat = values.reshape(-1)
    if flat.dtype == np.float32:
        return flat.copy()
    scale, zero_point = detail["quantization"]
    real = flat.astype(np.float32)  # the difference is a whole number, so only the product is rounded
    real -= np.float32(zero_point)
    real *= np.float32(scale)
    return real
