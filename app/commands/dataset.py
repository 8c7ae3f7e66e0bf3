"""Find the training pictures in a folder that has one subfolder for each class, with pictures in it or below it."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import DatasetInvalid
from app.base.file_names import file_name_problem
from app.base.labels import label_key
from learning.fit import MIN_SHOTS
from tpu.tensors import PICTURE_ENDINGS

logger = logging.getLogger(__name__)

DROPPINGS = {
    "__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information", "lost+found",
}  # fmt: skip
TEST_FOLDERS = {"test", "val", "valid", "validation"}
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
    data_dir = _training_part(data_dir)
    found: dict[str, list[Path]] = {}
    others: dict[str, list[Path]] = {}
    for label, folders in _by_label(_folders_in(data_dir)).items():
        files = sorted(file for folder in folders for file in _files_below(folder))
        found[label] = [file for file in files if file.suffix.lower() in PICTURE_ENDINGS]
        others[label] = [file for file in files if file.suffix.lower() not in PICTURE_ENDINGS]
    if not found and (loose := _pictures_in(data_dir)):
        raise DatasetInvalid(
            f"the pictures in {data_dir} ({loose[0].name} …) belong to no class. Put them into a folder for each class."
        )
    for label, left in others.items():
        if left:
            logger.warning(
                "skipped %d of %d files of the class %r, which end in %s: pictures must end in one of %s",
                len(left),
                len(left) + len(found[label]),
                label,
                ", ".join(sorted({path.suffix.lower() or "none" for path in left})),
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


def _training_part(data_dir: Path) -> Path:
    """Return the folder `train` of a folder that is divided into training and testing; else the folder itself."""
    folders = {folder.name.casefold(): folder for folder in _folders_in(data_dir)}
    if "train" not in folders or len(folders) > 1 + len(TEST_FOLDERS & set(folders)):
        return data_dir
    if not _folders_in(folders["train"]):
        return data_dir  # a class of this name
    if rest := sorted(set(folders) - {"train"}):
        logger.warning("only the pictures in %s are used, not those in %s", folders["train"], ", ".join(rest))
    return folders["train"]


def _by_label(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the folders of each label; spellings of the same name are one label."""
    found: dict[str, tuple[str, list[Path]]] = {}
    for folder in folders:
        label = unicodedata.normalize("NFC", folder.name)
        found.setdefault(label_key(label), (label, []))[1].append(folder)
    for label, same in found.values():
        if len(same) > 1:
            logger.warning("the folders %s are one class, %r", ", ".join(repr(one.name) for one in same), label)
    return dict(found.values())


def _folders_in(folder: Path) -> list[Path]:
    return [one for one in _listed(folder) if one.is_dir() and not _is_dropping(one)]


def _pictures_in(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.suffix.lower() in PICTURE_ENDINGS and not _is_dropping(path)]


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield all files in a folder and in the folders below it; links to folders are not followed."""
    for path in _listed(folder):
        if _is_dropping(path):
            continue
        if not path.is_dir():
            yield path
        elif not path.is_symlink():
            yield from _files_below(path)


def _is_dropping(path: Path) -> bool:
    """Whether the system, not a person, made a file or folder: hidden ones, thumbnails, bins."""
    return path.name.startswith(".") or path.name.casefold() in DROPPINGS


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DatasetInvalid(
            f"cannot read {folder}: {error.strerror}. Change its permissions, or name another folder."
        ) from error
