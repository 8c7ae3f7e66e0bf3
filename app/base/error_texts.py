"""Translatable texts for errors of the libraries, the system and SQLite.

The texts of errors of `learning` and `tpu` are English and for people who run commands. The screen shows a text that is
chosen by the class of the error; the error's own text goes to the log, and the staff pages show its last lines.
"""

from __future__ import annotations

import errno

from app.base.errors import KioskError
from app.base.i18n import Message, Text, message
from learning.errors import EmbeddingSizeMismatch, LearningError, NotEnoughSamples, UnsupportedExtractor
from tpu.errors import (
    AcceleratorUnavailable,
    InferenceFailed,
    LabelsError,
    ModelError,
    ModelStopped,
    RuntimeLayerError,
)

EXPECTED_ERRORS = (KioskError, LearningError, RuntimeLayerError)
"""Errors of a correct program. Any other is a defect: its traceback is logged and a fixed text shown."""

DEFECT = message("Something went wrong inside. Nothing is lost: please try again.")
"""What the screen says about every other error."""

_MODEL = message("A model file cannot be used. Try again, or call a member of staff.")
_BY_KIND: tuple[tuple[type[Exception], Message], ...] = (
    (NotEnoughSamples, message("Teach at least two things, with two pictures each.")),
    (EmbeddingSizeMismatch, message("These pictures were made for another network. Press RESET and teach again.")),
    (UnsupportedExtractor, _MODEL),
    (ModelStopped, message("This model hangs, crashes or takes too much memory, so it was stopped.")),
    (ModelError, _MODEL),
    (LabelsError, _MODEL),
    (AcceleratorUnavailable, message("The accelerator does not answer. Plug it in again, or call a member of staff.")),
    (InferenceFailed, message("The model gave no answer. Try again, or call a member of staff.")),
)


def screen_text(error: KioskError | LearningError | RuntimeLayerError) -> Text:
    """Return the text for the screen; the error's own English text if its class has none."""
    if isinstance(error, KioskError):
        return error.message
    return next((text for kind, text in _BY_KIND if isinstance(error, kind)), str(error))


_SYSTEM = {
    errno.ENOSPC: message("No space left on device"),
    errno.EDQUOT: message("Disk quota exceeded"),
    errno.EFBIG: message("File too large"),
    errno.EROFS: message("Read-only file system"),
    errno.EACCES: message("Permission denied"),
    errno.EPERM: message("Operation not permitted"),
    errno.EIO: message("Input/output error"),
    errno.ENODEV: message("No such device"),
    errno.ENOENT: message("No such file or directory"),
}


def system_error_text(error: OSError) -> Text:
    """Return the system's text of an error, translatable if it is a common one."""
    return _SYSTEM.get(error.errno or 0, error.strerror or type(error).__name__)


_DATABASE = {
    "database or disk is full": message("database or disk is full"),
    "disk I/O error": message("disk I/O error"),
    "attempt to write a readonly database": message("attempt to write a readonly database"),
    "database is locked": message("database is locked"),
    "unable to open database file": message("unable to open database file"),
    "database disk image is malformed": message("database disk image is malformed"),
}


def database_error_text(error: Exception) -> Text:
    """Return the text of an error of SQLite or of the system, translatable if it is a common one."""
    if isinstance(error, OSError):
        return system_error_text(error)
    odd = isinstance(error, MemoryError | UnicodeDecodeError)  # see app.session.database.DATABASE_ERRORS
    text = "database disk image is malformed" if odd else str(error)
    return _DATABASE.get(text, text)
