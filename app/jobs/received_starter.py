"""Decide which starter answers: the one that this station has taken before, or a newer one that arrived.

A new one is taken by itself only if its signature is right, its serial number is larger, and it is not worse on what
this station was taught last. One that is not signed waits until staff take it, behind the PIN. What is taken is copied
to the data directory, so that it answers even if the share or the stick is gone.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.base.errors import ArchiveUnusable, ExportError, StarterUnusable, UntrustedFolderError
from app.base.files import sync_directory
from app.base.i18n import Text, message
from app.importing.received_starter import ReceivedStarter, known_classes, read_starter, share_right
from app.jobs.tools import Tools
from app.model.saved_folder.facts import EXPORT_FOLDER
from app.model.saved_folder.signature import read_key
from app.model.saved_folder.verified_folder import CHECKSUMS, write_folder
from app.session.session import Session

logger = logging.getLogger(__name__)

FOLDER = "starter"  # in the data directory, at the top of a drive, and in its folder `teachable`
TAKEN = "taken"


class StarterPlace:
    """The starter that this station has taken, and the one that waits for staff."""

    def __init__(self) -> None:
        self._waiting: ReceivedStarter | None = None

    @property
    def waits(self) -> bool:
        """Whether a newer starter is there that is not signed."""
        return self._waiting is not None

    def newest(self, tools: Tools) -> Path:
        """Take a newer starter if there is one, and return the folder of the one that should answer.

        Raises:
            KeyUnusable: If the key cannot be read.
            StarterUnusable: If there is none.
        """
        key, taken = self._key(tools), _taken(tools)
        present, self._waiting = _present(taken, key), None
        for folder in _places(tools):
            try:
                present = self._considered(folder, present, tools, key)
            except UntrustedFolderError as error:
                logger.info("no starter in %s: %s", folder, error)
            except ExportError as error:
                logger.warning("the starter in %s cannot be kept here: %s", folder, error)
            except Exception:  # whatever is in this folder, the others are looked at, and the present one answers
                logger.exception("the starter in %s is not used", folder)
        if present is None:
            raise StarterUnusable(Path(tools.config.idle.starter))
        return taken

    def _considered(
        self, folder: Path, present: ReceivedStarter | None, tools: Tools, key: bytes
    ) -> ReceivedStarter | None:
        """Look at one folder; returns the starter that should answer now."""
        new = read_starter(folder, key)
        if present is not None and new.same_as(present):
            return present
        problem = refusal(new, present, _own_session(tools))
        if problem is not None:
            logger.warning("the starter in %s is not taken: %s", folder, problem)
            return present
        if not new.signed:
            logger.warning("the starter in %s is not signed with the key: staff can take it", folder)
            self._waiting = new
            return present
        write_folder(_taken(tools), new.signed_with(key), on_drive=False)
        logger.info("took the starter with the serial number %d", new.order)
        return new

    def take_waiting(self, tools: Tools) -> Text:
        """Take the starter that waits, because staff said so; returns what was done.

        Raises:
            KeyUnusable: If the key cannot be read.
            ExportError: If the disk does not take it.
        """
        if self._waiting is None:
            return message("There is no new starter any more.")
        write_folder(_taken(tools), self._waiting.signed_with(self._key(tools)), on_drive=False)
        self._waiting = None
        return message("The new starter is here. It answers after this visit.")

    def _key(self, tools: Tools) -> bytes:
        return read_key(Path(tools.config.idle.starter_key_file).expanduser())


def refusal(new: ReceivedStarter, present: ReceivedStarter | None, own: Session | None) -> str | None:
    """Return why a starter is not better than the present one; None if it is, or if there is none.

    Args:
        new, present: The starters.
        own: What this station was taught last.
    """
    if present is None:
        return None
    if new.order < present.order:
        return f"its serial number {new.order} is older than {present.order}."
    if new.order == present.order:
        return f"it has the serial number {new.order} of the present one."
    if own is None:
        return None
    both_know = known_classes(new) & known_classes(present)
    of_new, of_present = (share_right(one, own, both_know) for one in (new, present))
    if of_new is not None and of_present is not None and of_new < of_present:
        return (
            f"it is right for {of_new:.0%} of what this station was taught last, the present one for {of_present:.0%}."
        )
    return None


def _taken(tools: Tools) -> Path:
    return tools.config.data_dir / FOLDER / TAKEN


def _present(taken: Path, key: bytes) -> ReceivedStarter | None:
    """The starter that was taken before; with another key now, it counts no more."""
    _put_back(taken)
    try:
        found = read_starter(taken, key)
    except UntrustedFolderError:
        return None
    except Exception:  # a newer one may be sound
        logger.exception("the starter in %s is not used", taken)
        return None
    return found if found.signed else None


def _put_back(taken: Path) -> None:
    """Give the starter that was taken its name again, if a power cut came while a newer one replaced it."""
    for replaced in sorted(taken.parent.glob(f"{taken.name}.*.replaced")):
        before = replaced / taken.name
        with suppress(OSError):  # the next start tries again
            if not taken.exists() and (before / CHECKSUMS).is_file():
                before.rename(taken)
                sync_directory(taken.parent)
            shutil.rmtree(replaced)


def _places(tools: Tools) -> Iterator[Path]:
    yield Path(tools.config.idle.starter).expanduser()
    for drive in tools.drives.present():
        yield drive.path / EXPORT_FOLDER / FOLDER
        yield drive.path / FOLDER


def _own_session(tools: Tools) -> Session | None:
    """What this station was taught last: the current session, or the newest one of the archive."""
    session = tools.store.load().of_its_extractor()
    if session.samples:
        return session
    for name in tools.archive.names()[:1]:
        try:
            return tools.archive.load(name, tools.extractor.name, tools.extractor.origin_sha256).of_its_extractor()
        except ArchiveUnusable as error:
            logger.info("%s", error)
    return None
