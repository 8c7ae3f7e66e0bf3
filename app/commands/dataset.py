"""Find the training pictures in a folder that has one subfolder for each class, with pictures in it or below it."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from app.base.errors import DatasetInvalid
from app.base.file_names import file_name_problem
from app.base.labels import label_key
from app.base.shown_paths import shown_path
from learning.dataset import MIN_SHOTS
from tpu.tensors import PICTURE_ENDINGS

logger = logging.getLogger(__name__)

DROPPINGS = {
    "__macosx", "icon\r", "network trash folder", "temporary items",  # macOS
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "recycler", "system volume information",  # Windows
    "@eadir", "#recycle", "@recycle", "@__thumb", "lost.dir", "lost+found",  # disk stations, Android, Linux
}  # fmt: skip
TRAIN_FOLDERS = {"train", "training", "train_set", "training_set", "trainset"}
TEST_FOLDERS = {
    "test", "testing", "test_set", "testset", "val", "valid", "validation", "eval", "evaluation", "dev",
}  # fmt: skip
_FOUND_BY_WINDOWS = re.compile(r"found\.\d{3}", re.IGNORECASE)
FORMATS = "JPEG, PNG, BMP, WebP or TIFF"


@dataclass(frozen=True)
class Dataset:
    """The pictures of every class.

    Attributes:
        pictures: Picture files, or their addresses, by class label; labels and files are sorted.
        left_out: How many files were skipped because of their suffix.
    """

    pictures: Mapping[str, Sequence[Path | str]]
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
    return checked(data_dir, found, others, [] if found else [path.name for path in _pictures_in(data_dir)])


def checked(
    place: Path | str,
    found: Mapping[str, Sequence[Path | str]],
    others: Mapping[str, Sequence[Path | str]],
    loose: Sequence[str],
) -> Dataset:
    """Check what was found, and log a warning for each class with files in other formats.

    Args:
        place: The folder of the classes, or its address.
        found: Pictures by class label.
        others: Files in other formats by class label.
        loose: Names of pictures that are in no class.

    Raises:
        DatasetInvalid: If there are not at least two classes with enough pictures, or a label cannot be used.
    """
    if not found and loose:
        raise DatasetInvalid(
            f"the pictures in {place} ({loose[0]} …) belong to no class. Put them into a folder for each class."
        )
    for label, left in others.items():
        if left:
            logger.warning(
                "skipped %d of %d files of the class %r, which end in %s: pictures must end in one of %s",
                len(left),
                len(left) + len(found[label]),
                label,
                ", ".join(sorted({PurePath(path).suffix.lower() or "none" for path in left})),
                ", ".join(PICTURE_ENDINGS),
            )
    if not any(found.values()):
        raise DatasetInvalid(f"{place} contains no pictures. Put {FORMATS} files into {place}/<label>/.")
    for label, pictures in found.items():
        check_label(label)
        if not pictures:
            formats = f" in {FORMATS} format" if others[label] else ""
            raise DatasetInvalid(f"the class {label!r} has no pictures{formats}. Add some, or remove its folder.")
    if len(found) == 1:
        raise DatasetInvalid(f"there is only one class, {next(iter(found))!r}. Add a folder for a second one.")
    check_shots(place, {label: len(pictures) for label, pictures in found.items()})
    return Dataset(found, sum(map(len, others.values())))


def check_shots(place: Path | str, shots: Mapping[str, int]) -> None:
    """Check that every class has as many pictures as training needs.

    Raises:
        DatasetInvalid: Naming the class, its folder, how many pictures it has and how many it needs.
    """
    for label, count in shots.items():
        if count < MIN_SHOTS:
            raise DatasetInvalid(
                f"the class {label!r} has {count} readable picture{'' if count == 1 else 's'} in {place}/{label}, "
                f"but needs {MIN_SHOTS}. Add {MIN_SHOTS - count} more, or remove the folder."
            )


def check_label(label: str) -> None:
    """Check that a label, which is a folder name here, is a valid file name on every system.

    On the kiosk a label may be any text; the kiosk makes it safe wherever it becomes a file name.

    Raises:
        DatasetInvalid: Naming the label and the rule that it breaks.
    """
    if (problem := file_name_problem(label)) is not None:
        shown = label.encode("utf-8", "replace").decode("utf-8")
        raise DatasetInvalid(f"the class label {shown!r} cannot be used: {problem}. Rename its folder.")


def _training_part(data_dir: Path) -> Path:
    """Return the folder for training of a folder that is divided into training and testing; else the folder itself.

    Archives often unpack to a folder in a folder: a single folder of folders takes the place of its parent.
    """
    folders = _folders_in(data_dir)
    if len(folders) == 1 and not _pictures_in(data_dir) and not _pictures_in(folders[0]):
        if len(_folders_in(folders[0])) < 2:
            return data_dir
        logger.warning("the classes are the folders in %s", shown_path(folders[0]))
        return _training_part(folders[0])
    name = training_folder(folder.name for folder in folders)
    if name is None or not _folders_in(data_dir / name):
        return data_dir  # or a class of this name
    if rest := sorted(folder.name.casefold() for folder in folders if folder.name != name):
        logger.warning(
            "only the pictures in %s are used, not those in %s", shown_path(data_dir / name), ", ".join(rest)
        )
    return data_dir / name


def training_folder(names: Iterable[str]) -> str | None:
    """Return which of the folders of a data set holds the pictures for training, if the others are for testing."""
    by_key = {name.casefold(): name for name in names}
    training = TRAIN_FOLDERS & set(by_key)
    return by_key[training.pop()] if len(training) == 1 and set(by_key) - training <= TEST_FOLDERS else None


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
    return [one for one in _listed(folder) if one.is_dir() and not is_dropping(one.name)]


def _pictures_in(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.suffix.lower() in PICTURE_ENDINGS and not is_dropping(path.name)]


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield all files in a folder and in the folders below it; links to folders are not followed."""
    for path in _listed(folder):
        if is_dropping(path.name):
            continue
        if not path.is_dir():
            yield path
        elif not path.is_symlink():
            yield from _files_below(path)


def is_dropping(name: str) -> bool:
    """Whether the system, not a person, made the file or folder of this name: hidden ones, thumbnails, bins."""
    return name.startswith(".") or name.casefold() in DROPPINGS or _FOUND_BY_WINDOWS.fullmatch(name) is not None


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DatasetInvalid(
            f"cannot read {folder}: {error.strerror}. Change its permissions, or name another folder."
        ) from error
