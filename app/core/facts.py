"""Frozen facts that events carry and the state keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrainedFacts:
    """The model that answers: how good it was on held-out samples, and from how many samples it was made.

    Attributes:
        validation_accuracy: 0..1.
        threshold: Below this top probability, 0..1, the answer is "not sure".
        shots: Samples per class when it was trained.
        report: What `app.model.report.report_facts` returned after its training, or None where that is lost.
    """

    validation_accuracy: float
    threshold: float
    shots: tuple[int, ...]
    report: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
