"""Find the training pictures at an address that fsspec knows, such as s3://bucket/pictures or sftp://host/pictures.

The rules are those for folders on this computer (`app.commands.dataset`); only the listing differs.
"""

from __future__ import annotations

import logging
import unicodedata
from pathlib import Path, PurePosixPath

from app.base.errors import DatasetInvalid
from app.base.labels import label_key
from app.commands.dataset import Dataset, checked, is_dropping, training_folder
from tpu.tensors import PICTURE_ENDINGS

logger = logging.getLogger(__name__)


def find_pictures_at(address: str) -> Dataset:
    """Find ADDRESS/<class label>/<picture>; the pictures are addresses, too.

    Raises:
        DatasetInvalid: If the address cannot be read, or for the reasons of `app.commands.dataset.find_pictures`.
    """
    root = address.rstrip("/")
    files = [one for one in _listed(address) if not any(map(is_dropping, one.parts))]
    if len({one.parts[0] for one in files}) == 1 < len({one.parts[1] for one in files if len(one.parts) > 2}) and all(
        len(one.parts) > 2 or one.suffix.lower() not in PICTURE_ENDINGS for one in files
    ):
        root = f"{root}/{files[0].parts[0]}"
        logger.warning("the classes are the folders in %s", root)
        files = [one.relative_to(one.parts[0]) for one in files]
    top = {one.parts[0] for one in files if len(one.parts) > 1}
    name = training_folder(top)
    if name is not None and all(len(one.parts) != 2 for one in files):
        if rest := sorted(one.casefold() for one in top - {name}):
            logger.warning("only the pictures in %s/%s are used, not those in %s", root, name, ", ".join(rest))
        files = [one.relative_to(name) for one in files if one.parts[0] == name]
        root = f"{root}/{name}"
    found: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    for one in sorted(files):
        if len(one.parts) > 1:
            label = unicodedata.normalize("NFC", one.parts[0])
            label = labels.setdefault(label_key(label), label)
            found.setdefault(label, [])
            others.setdefault(label, [])
            chosen = found if one.suffix.lower() in PICTURE_ENDINGS else others
            chosen[label].append(f"{root}/{one}")
    loose = [str(one) for one in sorted(files) if len(one.parts) == 1 and one.suffix.lower() in PICTURE_ENDINGS]
    return checked(root, found, others, loose)


def _listed(address: str) -> list[PurePosixPath]:
    """Return the paths of all files below an address, relative to it.

    Raises:
        DatasetInvalid: If there is no such place, or what reads it is not installed.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise DatasetInvalid(
            f"reading {address} needs fsspec, which is not installed. Install it: pip install 'teachable-kiosk[hub]'"
        ) from error
    try:
        system, root = url_to_fs(address)
        found = system.find(root, detail=True)
        names = [name for name, facts in found.items() if _is_plain(system.protocol, name, str(facts.get("type")))]
    except Exception as error:  # each file system has its own errors
        reason = str(error) or type(error).__name__
        raise DatasetInvalid(f"cannot read {address}: {reason.rstrip('.')}. Name another place.") from error
    if not names:
        raise DatasetInvalid(f"{address} holds no files. Name a place that has a folder of pictures for each class.")
    return [PurePosixPath(name).relative_to(root) for name in names if name != root]


def _is_plain(protocol: str | tuple[str, ...], name: str, kind: str) -> bool:
    """Whether a name is that of a plain file: reading a pipe or a device might never end."""
    if "file" in ((protocol,) if isinstance(protocol, str) else protocol):
        return Path(name).is_file()
    return kind in ("file", "link")
