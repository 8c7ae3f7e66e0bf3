"""How far a fit is, reported in one call at a time, and whether it should end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from learning.errors import TrainingCancelled

CHOSEN, CURVE_ENDS, VALIDATED = 0.1, 0.4, 0.7  # the fraction of progress at the end of each part of a fit
FOLD_SHARE = 1 / 8  # of the progress that is left in a part, because it is not known before how many folds it has


@dataclass(frozen=True)
class FitProgress:
    """How far a fit is, with what was measured last; before the first measurement, that of guessing after 0 samples.

    Attributes:
        fraction: 0..1; it only grows.
        shots: Training samples per class; the mean over classes.
        validation_accuracy: Fraction of held-out rows classified correctly after training on so many.
        loss: Their mean cross-entropy, at the prior temperature.
    """

    fraction: float
    shots: float
    validation_accuracy: float
    loss: float


class ProgressReporter:
    """Reports the progress of one fit, and raises TrainingCancelled as soon as it should stop.

    Args:
        num_classes: C.
        on_progress: Receives the progress, perhaps in another thread; never two calls at the same time.
        should_stop: Called before every step, perhaps in another thread.

    Attributes:
        history: What was measured: the points of the learning curve.
    """

    def __init__(
        self,
        num_classes: int,
        on_progress: Callable[[FitProgress], None] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        self.history: list[FitProgress] = []
        self._on_progress, self._should_stop = on_progress, should_stop
        self._now = FitProgress(0.0, 0.0, 1 / num_classes, float(np.log(num_classes)))
        self._one_call = Lock()

    def check_cancelled(self) -> None:
        """Raise TrainingCancelled if the fit should stop."""
        if self._should_stop is not None and self._should_stop():
            raise TrainingCancelled

    def record(self, progress: FitProgress) -> None:
        """Report a point of the learning curve."""
        with self._one_call:
            self.history.append(progress)
            self._report(progress)
        self.check_cancelled()

    def before_fold(self, end: float) -> Callable[[], None]:
        """Return what is called before each fold of a part that ends at a fraction of the progress."""

        def step() -> None:
            self.check_cancelled()
            with self._one_call:
                now = self._now
                self._report(replace(now, fraction=now.fraction + FOLD_SHARE * (end - now.fraction)))

        return step

    def _report(self, progress: FitProgress) -> None:
        self._now = progress
        if self._on_progress is not None:
            self._on_progress(progress)
