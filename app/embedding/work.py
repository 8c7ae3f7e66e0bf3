"""The work on one picture file, which is the same wherever it is done, and who may do it.

Large JPEGs are decoded at a part of their size (`read_edge_px`), which takes about a third of the time. This changes an
embedding less than storing a sample as a JPEG does: docs/architecture.md has the figures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.base.ahead import work_ahead
from app.session.pictures import STORED_PX, decode_picture, encode_picture
from tpu.errors import PictureUnreadable
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import made_views
from tpu.tensors import ImageArray, centre_crop, prepare_picture, read_picture

FloatArray = NDArray[np.float32]

OVERSAMPLING = 2  # pixels that are read for each pixel of the extractor's input, at least, in both directions
READERS = 2  # pictures that are decoded at a time: whole ones may have 192 MB each
AHEAD = 2  # pictures for each reader that are decoded before the extractor needs them


@dataclass(frozen=True, eq=False)
class Embedded:
    """An embedded picture.

    Attributes:
        embedding: float32 (D,).
        device: Where the extractor ran: "cpu", "usb:N" or "pci:N".
        picture: Its centre square as `encode_picture` stores it; empty if it was not asked for.
    """

    embedding: FloatArray
    device: str
    picture: bytes


@dataclass(frozen=True)
class Unreadable:
    """A file that is not a readable picture, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class ToEmbed:
    """A picture file to embed.

    Attributes:
        path: A path, or an address that fsspec knows, such as "s3://bucket/a.jpg".
        keep: Whether the picture is returned, too.
    """

    path: str
    keep: bool


@dataclass(frozen=True)
class ToVary:
    """A picture file of which views are made.

    Attributes:
        path: As in `ToEmbed`.
        count: Number of views.
        seed: Decides how they are changed.
    """

    path: str
    count: int
    seed: int


class Embedder(Protocol):
    """Embeds picture files."""

    def pictures(self, wanted: Sequence[ToEmbed]) -> Iterator[Embedded | Unreadable]:
        """Embed files; the results have the order of `wanted`."""

    def views(self, wanted: Sequence[ToVary]) -> Iterator[FloatArray]:
        """Embed made views of files: float32 (count, D) for each, in the order of `wanted`."""


@dataclass(frozen=True, eq=False)
class ReadPicture:
    """A picture file that was read.

    Attributes:
        seen: What the extractor sees: RGB, uint8, (S, S, 3).
        stored: As `Embedded.picture`.
    """

    seen: ImageArray
    stored: bytes


class HereEmbedder:
    """Embeds with an extractor that is open in this process. Other threads decode the next pictures meanwhile."""

    def __init__(self, extractor: EmbeddingExtractor) -> None:
        self._extractor = extractor

    def pictures(self, wanted: Sequence[ToEmbed]) -> Iterator[Embedded | Unreadable]:
        """Embed files, one after the other."""
        read = partial(read_file, size_px=self._extractor.input_size_px)
        for one in work_ahead(read, wanted, READERS, AHEAD):
            yield _embedded(one, self._extractor)

    def views(self, wanted: Sequence[ToVary]) -> Iterator[FloatArray]:
        """Embed made views, one file after the other."""
        make = partial(views_of_file, size_px=self._extractor.input_size_px)
        for views in work_ahead(make, wanted, READERS, AHEAD):
            yield np.stack([self._extractor.embed(view) for view in views])


def embedded(wanted: ToEmbed, extractor: EmbeddingExtractor) -> Embedded | Unreadable:
    """Embed one file."""
    return _embedded(read_file(wanted, extractor.input_size_px), extractor)


def embedded_views(wanted: ToVary, extractor: EmbeddingExtractor) -> FloatArray:
    """Embed made views of one file, which was readable before.

    Raises:
        PictureUnreadable: If it is not any more.
    """
    return np.stack([extractor.embed(view) for view in views_of_file(wanted, extractor.input_size_px)])


def read_file(wanted: ToEmbed, size_px: int) -> ReadPicture | Unreadable:
    """Read one file for an extractor with an input of `size_px`."""
    try:
        image = picture_at(wanted.path, read_edge_px(size_px))
    except PictureUnreadable as error:
        return Unreadable(str(error.path), error.reason or "it is not a readable picture")
    stored = encode_picture(centre_crop(image)) if wanted.keep else b""
    return ReadPicture(prepare_picture(image, size_px), stored)


def views_of_file(wanted: ToVary, size_px: int) -> list[ImageArray]:
    """Make views of one file, which was readable before, for an extractor with an input of `size_px`.

    Raises:
        PictureUnreadable: If it is not any more.
    """
    stored = decode_picture(encode_picture(centre_crop(picture_at(wanted.path, read_edge_px(size_px)))))
    return made_views(stored, wanted.count, np.random.default_rng(wanted.seed))


def read_edge_px(size_px: int) -> int:
    """Return how many pixels the shorter edge of a large JPEG keeps, for an extractor with an input of `size_px`."""
    return max(STORED_PX, OVERSAMPLING * size_px)


def _embedded(read: ReadPicture | Unreadable, extractor: EmbeddingExtractor) -> Embedded | Unreadable:
    if isinstance(read, Unreadable):
        return read
    return Embedded(*extractor.embedded(read.seen), read.stored)


def picture_at(path: str, least_edge_px: int | None = None) -> ImageArray:
    """Read a picture from a path or an address; see `tpu.tensors.read_picture`.

    Raises:
        PictureUnreadable: If it is missing, cannot be read, or is not a picture.
    """
    if "://" not in path:
        return read_picture(path, least_edge_px)
    import fsspec

    with tempfile.NamedTemporaryFile(suffix=PurePosixPath(path).suffix) as copy:
        try:
            with fsspec.open(path, "rb") as file:
                copy.write(file.read())
        except Exception as error:  # each file system has its own errors
            raise PictureUnreadable(path, f"{type(error).__name__}: {error}") from error
        copy.flush()
        try:
            return read_picture(Path(copy.name), least_edge_px)
        except PictureUnreadable as error:
            raise PictureUnreadable(path, error.reason) from error
