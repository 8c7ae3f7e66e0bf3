"""Folders of pictures, one a class: which files are read, what is left out, and what is missing."""

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

KINDS = "JPEG, PNG, BMP, WebP or TIFF"


@dataclass(frozen=True)
class Dataset:
    """Picture files by class label, both sorted, and how many files are left out for their ending."""

    pictures: Mapping[str, Sequence[Path]]
    left_out: int


def find_pictures(data_dir: Path) -> Dataset:
    """Look for DATA_DIR/<class label>/<picture>, and warn in a line a class of files that are no pictures to us.

    Raises:
        DatasetInvalid: If there is nothing to train on, or a label cannot be used.
    """
    if not data_dir.is_dir():
        raise DatasetInvalid(f"{data_dir} is no folder. Name one that holds a folder of pictures per class.")
    folders = [folder for folder in _listed(data_dir) if folder.is_dir() and not folder.name.startswith(".")]
    found = {folder.name: _pictures_in(folder) for folder in folders}
    others = {folder.name: _others_in(folder) for folder in folders}
    if not found and (loose := _pictures_in(data_dir)):
        raise DatasetInvalid(
            f"the pictures in {data_dir} ({loose[0].name} …) belong to no class. Put them into a folder per class."
        )
    for label, files in others.items():
        if files:
            logger.warning(
                "left out %d of the %d files of the class %r, which end in %s: pictures are read that end in %s",
                len(files),
                len(files) + len(found[label]),
                label,
                ", ".join(sorted({path.suffix.lower() or "nothing" for path in files})),
                ", ".join(PICTURE_ENDINGS),
            )
    if not any(found.values()):
        raise DatasetInvalid(f"{data_dir} holds no pictures. Put {KINDS} files into {data_dir}/<label>/.")
    for label, pictures in found.items():
        check_label(label)
        if not pictures:
            kind = f" as {KINDS}" if others[label] else ""
            raise DatasetInvalid(f"the class {label!r} has no pictures{kind}. Add some, or remove its folder.")
    if len(found) == 1:
        raise DatasetInvalid(f"there is only one class, {next(iter(found))!r}. Add a folder for a second one.")
    refuse_few(data_dir, {label: len(pictures) for label, pictures in found.items()})
    return Dataset(found, sum(map(len, others.values())))


def refuse_few(data_dir: Path, shots: Mapping[str, int]) -> None:
    """Refuse a class with fewer pictures than training needs.

    Raises:
        DatasetInvalid: Naming the class, its folder, how many it has and how many are needed.
    """
    for label, count in shots.items():
        if count < MIN_SHOTS:
            raise DatasetInvalid(
                f"the class {label!r} has {count} readable picture{'' if count == 1 else 's'} in {data_dir / label}, "
                f"and {MIN_SHOTS} are needed. Add {MIN_SHOTS - count} more, or remove the folder."
            )


def check_label(label: str) -> None:
    """Refuse a label that cannot be the name of a file on every system: here it is the name of a folder.

    On the kiosk a class may be called anything; its name is made safe wherever it becomes that of a file.

    Raises:
        DatasetInvalid: Naming the label and the rule.
    """
    if (problem := file_name_problem(label)) is not None:
        raise DatasetInvalid(f"the class label {label!r} cannot be used: {problem}. Rename its folder.")


def _pictures_in(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.suffix.lower() in PICTURE_ENDINGS]


def _others_in(folder: Path) -> list[Path]:
    """Files that somebody may have taken for pictures; those that systems leave behind are hidden."""
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
            f"{folder} cannot be read: {error.strerror}. Give yourself the right to read it."
        ) from error
