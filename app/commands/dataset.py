"""Find the training pictures in a folder that has one subfolder for each class."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import DatasetInvalid
from app.base.file_names import file_name_problem
from learning.fit import MIN_SHOTS
from tpu.tensors import PICTURE_ENDINGS

logger = logging.getLogger(__name__)

FORMATS = "JPEG, PNG, BMP, WebP or TIFF"


@dataclass(frozen=True)
class Dataset:
    """The pictures of every class.

    Attributes:
        pictures: Picture files by class label; labels and files are sorted.
        left_out: How many files were skipped because of their suffix.
    """

    pictures: Mapping[str, Sequence[Path]]
    left_out: int


def find_pictures(data_dir: Path) -> Dataset:
    """Find DATA_DIR/<class label>/<picture>, and log a warning for each class with files in other formats.

    Raises:
        DatasetInvalid: If there are not at least two classes with enough pictures, or a label cannot be used.
    """
    if not data_dir.is_dir():
        raise DatasetInvalid(f"{data_dir} is not a folder. Name one that contains a folder of pictures for each class.")
    folders = [folder for folder in _listed(data_dir) if folder.is_dir() and not folder.name.startswith(".")]
    found = {folder.name: _pictures_in(folder) for folder in folders}
    others = {folder.name: _others_in(folder) for folder in folders}
    if not found and (loose := _pictures_in(data_dir)):
        raise DatasetInvalid(
            f"the pictures in {data_dir} ({loose[0].name} …) belong to no class. Put them into a folder for each class."
        )
    for label, files in others.items():
        if files:
            logger.warning(
                "skipped %d of %d files of the class %r, which end in %s: pictures must end in one of %s",
                len(files),
                len(files) + len(found[label]),
                label,
                ", ".join(sorted({path.suffix.lower() or "none" for path in files})),
                ", ".join(PICTURE_ENDINGS),
            )
    if not any(found.values()):
        raise DatasetInvalid(f"{data_dir} contains no pictures. Put {FORMATS} files into {data_dir}/<label>/.")
    for label, pictures in found.items():
        check_label(label)
        if not pictures:
            formats = f" in {FORMATS} format" if others[label] else ""
            raise DatasetInvalid(f"the class {label!r} has no pictures{formats}. Add some, or remove its folder.")
    if len(found) == 1:
        raise DatasetInvalid(f"there is only one class, {next(iter(found))!r}. Add a folder for a second one.")
    check_shots(data_dir, {label: len(pictures) for label, pictures in found.items()})
    return Dataset(found, sum(map(len, others.values())))


def check_shots(data_dir: Path, shots: Mapping[str, int]) -> None:
    """Check that every class has as many pictures as training needs.

    Raises:
        DatasetInvalid: Naming the class, its folder, how many pictures it has and how many it needs.
    """
    for label, count in shots.items():
        if count < MIN_SHOTS:
            raise DatasetInvalid(
                f"the class {label!r} has {count} readable picture{'' if count == 1 else 's'} in {data_dir / label}, "
                f"but needs {MIN_SHOTS}. Add {MIN_SHOTS - count} more, or remove the folder."
            )


def check_label(label: str) -> None:
    """Check that a label, which is a folder name here, is a valid file name on every system.

    On the kiosk a label may be any text; the kiosk makes it safe wherever it becomes a file name.

    Raises:
        DatasetInvalid: Naming the label and the rule that it breaks.
    """
    if (problem := file_name_problem(label)) is not None:
        raise DatasetInvalid(f"the class label {label!r} cannot be used: {problem}. Rename its folder.")


def _pictures_in(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.suffix.lower() in PICTURE_ENDINGS]


def _others_in(folder: Path) -> list[Path]:
    """Files in other formats, without the hidden files that systems leave behind."""
    return [
        path
        for path in _listed(folder)
        if path.suffix.lower() not in PICTURE_ENDINGS and not path.name.startswith(".") and not path.is_dir()
    ]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DatasetInvalid(
            f"cannot read {folder}: {error.strerror}. Change its permissions, or name another folder."
        ) from error
