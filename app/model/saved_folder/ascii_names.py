"""Names for drives whose character set lacks letters: some mounted FAT volumes accept only ASCII."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from app.base.errors import ExportError
from app.base.file_names import safe_file_name
from app.model.saved_folder.verified_folder import CHECKSUMS, with_checksums

NAME_REFUSED = {errno.EINVAL, errno.EILSEQ, errno.EPERM}
"""Errors of mounted FAT volumes for letters that their character set lacks: the kernel's vfat, its iconv, FUSE."""


def is_name_refused(error: ExportError) -> bool:
    """Whether a drive may have refused a folder because of a letter in a name."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in NAME_REFUSED


def ascii_path(path: str) -> str:
    """Return a path inside a saved folder in ASCII; steps that are ASCII stay as they are."""
    steps = path.split("/")
    return "/".join(step if step.isascii() else safe_file_name(step, ascii_only=True) for step in steps)


def with_ascii_names(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a saved folder by names in ASCII, with new SHA256SUMS.

    Folders of pictures stay different, because their names begin with the number of the class.
    """
    return with_checksums({ascii_path(name): data for name, data in files.items() if name != CHECKSUMS})
