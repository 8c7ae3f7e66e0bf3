"""The starter as a job: load the model that answers before a visitor has trained one."""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from pathlib import Path

from app.base.error_texts import EXPECTED_ERRORS, system_error_text
from app.base.errors import ModelNotWritten
from app.base.files import sync_directory
from app.core import events as ev
from app.core.facts import ModelFacts
from app.jobs.received_starter import StarterPlace
from app.jobs.running import report_failure_as
from app.jobs.save import write_current_model
from app.jobs.tools import Announce, RenderedThings, Tools
from app.model.live import LiveModel
from app.model.saved_folder.verified_folder import CHECKSUMS, METADATA
from app.model.starter import DEMO, OWN, make_demo_starter, open_starter

logger = logging.getLogger(__name__)


class Starter:
    """Loads the starter, and remembers it to stop that model and no other.

    Args:
        things: Pictures for the starter of the demonstration; None if it cannot be made here.
    """

    def __init__(self, things: RenderedThings | None) -> None:
        self._things = things
        self._model: LiveModel | None = None
        self._named: str | None = None
        self._place = StarterPlace()

    @property
    def waits(self) -> bool:
        """Whether a newer starter is there that is not signed, so that staff must decide."""
        return self._place.waits

    def take_waiting(self, tools: Tools, announce: Announce) -> None:
        """Take the starter that waits, because staff said so; announces StaffDone or StaffFailed."""
        with report_failure_as(ev.StaffFailed, announce):
            announce(ev.StaffDone(self._place.take_waiting(tools)))

    def load(self, tools: Tools, announce: Announce, named: str | None = None) -> None:
        """Let the starter answer if no other model does; announces StarterReady.

        A starter that cannot be used is reported in the log, and the kiosk runs without one.

        Args:
            tools: What the job works with.
            announce: Receives the event.
            named: The starter in the settings; None uses the one of the last call, or of the start.
        """
        self._named = named if named is not None else self._named
        if self._named is None:
            self._named = tools.config.idle.starter
        if not self._named or tools.vision.model is not None:
            return
        try:
            model = open_starter(self._folder(tools), tools.vision.num_classes, runtime=tools.config.model.runtime)
        except EXPECTED_ERRORS as error:
            logger.warning("%s", error)
            return
        except Exception:  # for example a full disk: the worker must go on with its other jobs
            logger.exception("the starter cannot be made")
            return
        self._model = model
        tools.vision.go_live(model)
        announce(ev.StarterReady(ModelFacts(tuple(model.engine.labels), model.threshold)))

    def reload_for(self, tools: Tools, announce: Announce, num_classes: int) -> None:
        """Load the starter again if it answers now and does not have room for this number of classes."""
        model = tools.vision.model
        if model is None or tools.store.last_model() is not None or tools.store.load().samples:
            return
        if max(len(model.engine.labels), num_classes) != model.num_classes:
            tools.vision.go_live(None)
            self.load(tools, announce)

    def drop(self, tools: Tools) -> None:
        """Stop the starter, because a visitor begins to teach; a newer model goes on answering."""
        if self._model is not None:
            tools.vision.withdraw(self._model)

    def _folder(self, tools: Tools) -> Path:
        """Return the folder of the starter; the demonstration's is made on first use.

        With a key, it is the newest one that this station has taken.
        """
        named = self._named or ""
        if named == OWN:
            finish_own_starter(tools.config.data_dir)
            return own_starter_folder(tools.config.data_dir)
        if named != DEMO:
            return self._place.newest(tools) if tools.config.idle.starter_key_file else Path(named).expanduser()
        folder = tools.config.data_dir / "starter" / tools.extractor.sha256[:16]
        if self._things is not None and not (folder / METADATA).is_file():
            make_demo_starter(folder, *self._things, tools.extractor, runtime=tools.config.model.runtime)
        return folder


def has_own_starter(data_dir: Path) -> bool:
    """Whether staff made a starter of a session."""
    return any((place / METADATA).is_file() for place in _places(data_dir))


def own_starter_folder(data_dir: Path) -> Path:
    """Return the folder of the starter that staff made of a session."""
    return data_dir / "starter" / OWN


def make_own_starter(tools: Tools, announce: Announce) -> None:
    """Write the model of this session as the starter, without pictures; announces StarterMade or StaffFailed.

    The folder that was there before stays until the new one is complete. If the power goes away between the two
    renames, `finish_own_starter` does the second one.
    """
    with report_failure_as(ev.StaffFailed, announce):
        folder, new, old = _places(tools.config.data_dir)
        finish_own_starter(tools.config.data_dir)
        for rest in (new, old):
            shutil.rmtree(rest, ignore_errors=True)
        write_current_model(tools, new)
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
            sync_directory(folder.parent)
        except OSError as error:
            finish_own_starter(tools.config.data_dir)
            raise ModelNotWritten(folder, system_error_text(error)) from error
        shutil.rmtree(old, ignore_errors=True)
        announce(ev.StarterMade())


def finish_own_starter(data_dir: Path) -> None:
    """Give a complete starter its name if a power cut left it without: the new one, or else the one before."""
    folder, *others = _places(data_dir)
    for other in others:
        if not folder.exists() and (other / METADATA).is_file() and (other / CHECKSUMS).is_file():
            with suppress(OSError):  # the next start tries again
                other.rename(folder)
                sync_directory(folder.parent)


def _places(data_dir: Path) -> tuple[Path, Path, Path]:
    """The folder of the starter that staff made, and where the new one and the old one are meanwhile."""
    folder = own_starter_folder(data_dir)
    return folder, folder.with_name(f"{OWN}.new"), folder.with_name(f"{OWN}.old")
