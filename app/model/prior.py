"""Find or measure the prior of an extractor: how far apart views of one thing lie, and where unknown things lie.

The priors of the built-in extractor and of MobileNet v1 ship. That of any other extractor is measured once, on the
pictures of the shipped bank, and then cached in the data directory. Both files are named by the SHA-256 of the
extractor. Until a prior is known, models are trained without one, and their limit behind "not sure" is provisional.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.base.files import write_durably
from app.base.paths import asset_path
from app.base.ports import ImageArray
from learning.errors import InvalidEmbeddings
from learning.view_prior import ViewPrior, measure_prior, prior_from_bytes, prior_to_bytes
from tpu.made_views import PictureBank
from tpu.plain_files import read_plain_file

logger = logging.getLogger(__name__)

FOLDER = "extractors"  # in the data directory
LARGEST_BYTES = 64 << 20  # of a file there
BANK = asset_path("models", "bank.zip")


class ExtractorPrior:
    """The prior of one extractor. Threads may read `known` while one thread measures it.

    Args:
        sha256: SHA-256 of the extractor: `EmbeddingExtractor.origin_sha256`.
        data_dir: Where a measured prior is cached; None caches nothing.
        bank: The pictures to measure it on.

    Attributes:
        known: The prior; None until it is measured.
    """

    def __init__(self, sha256: str, data_dir: Path | None, bank: Path = BANK) -> None:
        name = f"{sha256}.views.npz"
        self._cache = data_dir / FOLDER / name if data_dir is not None and data_dir.is_absolute() else None
        self.known: ViewPrior | None = _read(asset_path("models", name)) or (
            _read(self._cache) if self._cache else None
        )
        self._bank_path = bank
        self._bank: PictureBank | None = None
        self._embedded: list[NDArray[np.float32]] = []
        self._failed = False

    @property
    def wanted(self) -> bool:
        """Whether `measure` has work to do."""
        return self.known is None and not self._failed

    @property
    def fraction(self) -> float:
        """How much of the bank is embedded, 0..1."""
        return 1.0 if self.known is not None else len(self._embedded) / len(self._bank) if self._bank else 0.0

    def measure(
        self,
        embed: Callable[[ImageArray], NDArray[np.float32]],
        *,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        """Embed the bank; when all of it is embedded, set `known` and write the cache.

        Args:
            embed: The extractor.
            enough: Called after each picture; True leaves the others for the next call.
        """
        if not self.wanted:
            return
        try:
            self._bank = self._bank or PictureBank(self._bank_path)
        except (OSError, zipfile.BadZipFile) as error:
            logger.warning("%s cannot be read (%s). Install the kiosk again.", self._bank_path, error)
            self._failed = True
            return
        while len(self._embedded) < len(self._bank):
            self._embedded.append(self._bank.embedded(len(self._embedded), embed))
            if enough():
                break
        if len(self._embedded) == len(self._bank):
            rows = np.stack(self._embedded)
            self._bank, self._embedded = None, []
            try:
                measured = measure_prior(rows[:, 0], rows[:, 1:])
            except InvalidEmbeddings as error:
                logger.warning("the extractor cannot be measured: %s", error)
                self._failed = True
                return
            if measured.distance > 0:
                self.known = measured
                self._write(measured)
            else:
                logger.warning("the extractor makes the same embedding of all views. Choose another one.")
                self._failed = True

    def _write(self, prior: ViewPrior) -> None:
        """Write the cache; without it, the next start measures again."""
        if self._cache is None:
            return
        try:
            write_durably(self._cache, prior_to_bytes(prior))
        except OSError as error:
            reason = error.strerror or str(error)
            logger.warning(
                "%s cannot be written (%s). The next start measures the extractor again.", self._cache, reason
            )


def _read(path: Path) -> ViewPrior | None:
    try:
        return prior_from_bytes(read_plain_file(path, LARGEST_BYTES))
    except OSError:
        return None
