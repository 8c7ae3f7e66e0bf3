"""Prepare the next training while the visitor still teaches.

The libraries of the fit are loaded, the file is laid out for the classes that are taught, views of stored pictures are
made, and an unknown extractor is measured.

All of it runs in short turns in the queue of session jobs. A turn queues the next one behind the presses that came
meanwhile, so no press waits longer than one turn: TURN_S of views, the first fit, or one layout of the file. At TRAIN,
`make_views` gets a little more time for classes that have hardly any views. So a slow computer trains with fewer views
instead of later. During a training nothing is prepared: it needs the processor.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from app.base.error_texts import EXPECTED_ERRORS
from app.base.errors import PictureDamaged
from app.base.ports import ImageArray
from app.base.workers import StopSignal, is_abandoned
from app.jobs.running import JobQueue
from app.jobs.tools import Tools
from app.model.prior import ExtractorPrior
from app.session.pictures import decode_picture
from app.session.session import MOST_MADE_VIEWS, Sample
from learning.dataset import MIN_CLASSES
from learning.fit import fit_head
from learning.tflite_export import prepare_export
from tpu.made_views import endless_views

logger = logging.getLogger(__name__)

TURN_S = 0.05
VIEWS_OF_SAMPLE = 6  # two of each kind; the 60 views of a class show at least ten of its pictures
TRAIN_S = 0.12  # at TRAIN, for views that are missing
ENOUGH_AT_TRAIN = VIEWS_OF_SAMPLE  # of a class: the visitor does not wait for more


class Preparation:
    """Made views and the prior for the next training. `make_views` runs in the thread of session jobs.

    Args:
        tools: The store, the extractor and its prior. Without a prior nothing is prepared.
        session_jobs: The queue for the turns.
    """

    def __init__(self, tools: Tools, session_jobs: JobQueue) -> None:
        self._tools = tools
        self._session_jobs = session_jobs
        self._queued = False
        self._pauses: dict[object, StopSignal] = {}
        self._sample: Sample | None = None
        self._coming: Iterator[ImageArray] = iter(())
        self._views: list[NDArray[np.float32]] = []
        self._damaged: set[int] = set()
        self._rehearsed = False
        self._may_rehearse = True
        self._laid_out_for: tuple[str, ...] = ()

    def request(self) -> None:
        """Queue a turn, unless one waits already. Any thread may call this."""
        self._may_rehearse = True
        self._put_turn()

    def _put_turn(self) -> None:
        if self._tools.prior is not None and not self._queued and not self._paused:
            self._queued = True
            self._session_jobs.put(self._turn)

    def pause(self, training: object, stop: StopSignal) -> None:
        """Take no turn until `resume` is called for every training that paused. Any thread may call this.

        Args:
            training: Any object that stands for the training. To pause again replaces its signal.
            stop: The signal of the worker that has the training. If that worker is abandoned, the pause ends.
        """
        self._pauses[training] = stop

    def resume(self, training: object) -> None:
        """End the pause of a training. Any thread may call this."""
        self._pauses.pop(training, None)
        self.request()

    @property
    def _paused(self) -> bool:
        return not all(map(is_abandoned, tuple(self._pauses.values())))

    def make_views(self, enough: Callable[[], bool] | None = None) -> bool:
        """Make views of the pictures that need them most, and store them.

        Args:
            enough: Called after each view; True leaves the others for the next call. None: stop after TRAIN_S, or when
                each class has ENOUGH_AT_TRAIN views, and store what was made of the last picture.

        Returns:
            Whether there may be more to do.
        """
        if self._tools.prior is None:
            return False
        if enough is None:
            end_s = time.monotonic() + TRAIN_S
            more = self._make_views(lambda: time.monotonic() >= end_s, ENOUGH_AT_TRAIN)
            self._store_views()
            return more
        return self._make_views(enough, MOST_MADE_VIEWS)

    def _make_views(self, enough: Callable[[], bool], of_class: int) -> bool:
        while self._sample is not None or self._next_sample(of_class):
            self._make_view()
            if len(self._views) == VIEWS_OF_SAMPLE:
                self._store_views()
            if enough():
                return True
        return False

    def _turn(self, stop: StopSignal) -> None:
        self._queued = False
        prior = self._tools.prior
        if prior is None or stop.is_set() or self._paused:
            return
        end_s = time.monotonic() + TURN_S

        def enough() -> bool:
            return stop.is_set() or time.monotonic() >= end_s

        try:
            more = self._rehearse(prior) or self.make_views(enough)
            if not more and prior.wanted:
                prior.measure(self._tools.extractor.embed, enough=enough)
                more = prior.wanted
        except EXPECTED_ERRORS as error:
            logger.warning("the next training is not prepared now: %s", error)
            self._sample = None
            return
        if more and not stop.is_set():
            self._put_turn()

    def _rehearse(self, prior: ExtractorPrior) -> bool:
        """Fit a head to a few numbers, once, or lay out the file when the classes have changed: one of them is a turn.

        The first fit of a process takes a tenth of a second longer than the next, because it loads libraries. What
        fails is left alone until the next request, so that views are made.

        Returns:
            Whether this turn was used.
        """
        extractor, labels = self._tools.extractor, self._tools.store.taught_labels()
        try:
            if not self._rehearsed:
                self._rehearsed = True  # the libraries are loaded even if it fails
                rng, y = np.random.default_rng(0), np.arange(8) % 2
                numbers = rng.normal(size=(len(y), extractor.feature_dim)).astype(np.float32)
                fit_head(numbers, y, 2, rng=rng, groups=np.arange(8) // 4, prior=prior.known, curve_later=True)
                return True
            if self._may_rehearse and labels != self._laid_out_for and len(labels) >= MIN_CLASSES:
                prepare_export(extractor.model_bytes, labels)
                self._laid_out_for = labels
                return True
        except EXPECTED_ERRORS as error:
            logger.warning("the next training is not prepared in full now: %s", error)
            self._may_rehearse = False
            return True
        return False

    def _next_sample(self, enough: int) -> bool:
        """Choose the sample whose picture needs views most; return False if all classes have `enough` of them."""
        self._views = []
        while found := self._tools.store.samples_without_views(1, skip=self._damaged, enough=enough):
            try:
                picture = decode_picture(found[0].picture)
            except PictureDamaged:
                self._damaged.add(found[0].sample_id)
                continue
            self._sample = found[0]
            self._coming = endless_views(picture, np.random.default_rng(found[0].sample_id))
            return True
        return False

    def _make_view(self) -> None:
        self._views.append(self._tools.extractor.embed(next(self._coming)))

    def _store_views(self) -> None:
        if self._sample is not None and self._views:
            tools, sample_id = self._tools, self._sample.sample_id
            if not tools.store.add_made_views(sample_id, np.stack(self._views), tools.extractor.origin_sha256):
                self._damaged.add(sample_id)  # it was removed meanwhile
        self._sample, self._coming, self._views = None, iter(()), []
