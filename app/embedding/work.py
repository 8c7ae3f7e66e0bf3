"""The work on one picture file, which is the same wherever it is done, and who may do it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.session.pictures import decode_picture, encode_picture
from tpu.errors import PictureUnreadable
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import made_views
from tpu.tensors import ImageArray, centre_crop, read_picture

FloatArray = NDArray[np.float32]


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


class HereEmbedder:
    """Embeds with an extractor that is open in this process."""

    def __init__(self, extractor: EmbeddingExtractor) -> None:
        self._extractor = extractor

    def pictures(self, wanted: Sequence[ToEmbed]) -> Iterator[Embedded | Unreadable]:
        """Embed files, one after the other."""
        return (embedded(one, self._extractor) for one in wanted)

    def views(self, wanted: Sequence[ToVary]) -> Iterator[FloatArray]:
        """Embed made views, one file after the other."""
        return (embedded_views(one, self._extractor) for one in wanted)


def embedded(wanted: ToEmbed, extractor: EmbeddingExtractor) -> Embedded | Unreadable:
    """Embed one file."""
    try:
        image = picture_at(wanted.path)
    except PictureUnreadable as error:
        return Unreadable(str(error.path), error.reason or "it is not a readable picture")
    embedding, device = extractor.embedded(image)
    return Embedded(embedding, device, encode_picture(centre_crop(image)) if wanted.keep else b"")


def embedded_views(wanted: ToVary, extractor: EmbeddingExtractor) -> FloatArray:
    """Embed made views of one file, which was readable before.

    Raises:
        PictureUnreadable: If it is not any more.
    """
    stored = decode_picture(encode_picture(centre_crop(picture_at(wanted.path))))
    views = made_views(stored, wanted.count, np.random.default_rng(wanted.seed))
    return np.stack([extractor.embed(view) for view in views])


def picture_at(path: str) -> ImageArray:
    """Read a picture from a path or an address.

    Raises:
        PictureUnreadable: If it is missing, cannot be read, or is not a picture.
    """
    if "://" not in path:
        return read_picture(path)
    import fsspec

    with tempfile.NamedTemporaryFile(suffix=PurePosixPath(path).suffix) as copy:
        try:
            with fsspec.open(path, "rb") as file:
                copy.write(file.read())
        except Exception as error:  # each file system has its own errors
            raise PictureUnreadable(path, f"{type(error).__name__}: {error}") from error
        copy.flush()
        try:
            return read_picture(Path(copy.name))
        except PictureUnreadable as error:
            raise PictureUnreadable(path, error.reason) from error
