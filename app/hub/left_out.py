"""Measure how well a model answers at a station that it was not trained on, for every station.

The discriminant follows from sums (`learning.class_sums`), so a station is left out by subtracting its own sums, and
the cost grows linearly with the samples. With more than MOST_MODELS stations, several are left out together, so that
the number of models does not grow; no model judges a station that it was trained on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from app.hub.fleet import StationSamples, StoredFolder, samples_by_station
from learning.calibration import PRIOR_TEMPERATURE
from learning.class_sums import ClassSums
from learning.discriminant import Discriminant
from learning.errors import NotEnoughSamples
from learning.holds import without_near_duplicates
from learning.layers import FloatArray, IntArray, softmax
from learning.novelty import signed_sqrt
from learning.training_rows import MADE_WEIGHT
from learning.view_prior import DUPLICATE_SHARE, ViewPrior

BoolArray = NDArray[np.bool_]

MOST_MODELS = 40
DISAGREEING = 24  # pictures that are kept for the report


@dataclass(frozen=True, eq=False)
class FleetSums:
    """The sums over all stations.

    Attributes:
        samples: Over samples without near-duplicates.
        views: Over made views, with the weight that the training gives them.
        shared: Whether a class was taught at several stations, bool (C,).
    """

    samples: ClassSums
    views: ClassSums
    shared: BoolArray


@dataclass(frozen=True, eq=False)
class Disagreeing:
    """A sample with a picture that a model without its station names differently."""

    confidence: float
    truth: int
    answer: int
    folder: StoredFolder
    row: int


@dataclass
class StationScore:
    """How a model without this station answers there.

    Attributes:
        right, judged: Numbers of samples.
        only_here: Number of samples of classes that no other station has, which cannot be judged.
    """

    right: int = 0
    judged: int = 0
    only_here: int = 0

    @property
    def accuracy(self) -> float | None:
        """0..1; None if nothing could be judged."""
        return self.right / self.judged if self.judged else None


@dataclass
class LeftOut:
    """The result for all stations.

    Attributes:
        together: Number of stations that were left out together, at most.
        stations: By name.
        confusion: int64 (C, C): rows are true classes, columns answers.
        months: By month, such as "2026-01"; "" where it is unknown.
        disagreeing: The samples with the surest wrong answers, the surest first; only those that have pictures.
    """

    together: int
    confusion: IntArray
    stations: dict[str, StationScore] = field(default_factory=dict)
    months: dict[str, StationScore] = field(default_factory=dict)
    disagreeing: tuple[Disagreeing, ...] = ()

    @property
    def accuracy(self) -> float | None:
        """The mean over stations, so that a station with many samples does not count more, 0..1."""
        found = [one.accuracy for one in self.stations.values() if one.accuracy is not None]
        return float(np.mean(found)) if found else None


def sum_up(
    stations: Mapping[str, Sequence[StoredFolder]], keys: Sequence[str], origin: FloatArray, prior: ViewPrior | None
) -> FleetSums:
    """Read all stations once and sum up."""
    shared = _shared(stations, keys)
    samples, views = ClassSums.none(len(keys), origin), ClassSums.none(len(keys), origin)
    for _, station in samples_by_station(stations, keys):
        samples = samples + sums_of(station, shared, origin, prior)
        made_labels = station.label_indices[station.made_source]
        views = views + ClassSums.of(station.made, made_labels, len(keys), origin, MADE_WEIGHT)
    return FleetSums(samples, views, shared)


def sums_of(station: StationSamples, shared: BoolArray, origin: FloatArray, prior: ViewPrior | None) -> ClassSums:
    """Return the sums over the samples of a station without near-duplicates."""
    kept = np.arange(len(station.label_indices))
    if prior is not None:
        groups, distance = groups_of(station, shared), DUPLICATE_SHARE * prior.distance
        kept = without_near_duplicates(signed_sqrt, station.embeddings, groups, distance)
    return ClassSums.of(station.embeddings[kept], station.label_indices[kept], len(shared), origin)


def groups_of(station: StationSamples, shared: BoolArray) -> IntArray:
    """Return which samples are held out together, int64 (N,).

    Those of a class at this station, so that a model is validated at stations that it does not know; where no other
    station taught the class, those of a hold.
    """
    y = station.label_indices
    return np.where(shared[y], y, len(shared) + station.holds)


def leave_stations_out(
    stations: Mapping[str, Sequence[StoredFolder]],
    keys: Sequence[str],
    sums: FleetSums,
    prior: ViewPrior | None,
    on_progress: Callable[[int], object] = lambda _stations: None,
) -> LeftOut:
    """Judge each station by a model without it.

    Args:
        stations: From `app.hub.fleet.stations_of`.
        keys: The classes, from `Fleet.finish`.
        sums: From `sum_up`.
        prior: Of the extractor.
        on_progress: Receives the number of stations that were just judged.
    """
    names = list(stations)
    models = min(len(names), MOST_MODELS)
    found = LeftOut(-(-len(names) // max(models, 1)), np.zeros((len(keys),) * 2, np.int64))
    for number in range(models):
        group = {name: stations[name] for name in names[number::models]}
        origin, rest = sums.samples.origin, sums.samples
        for _, station in samples_by_station(group, keys):
            rest = rest - sums_of(station, sums.shared, origin, prior)
        try:
            model: Discriminant | None = rest.discriminant(prior)
        except NotEnoughSamples:
            model = None
        for name, station in samples_by_station(group, keys):
            known = np.isin(station.label_indices, rest.classes)
            score = found.stations.setdefault(name, StationScore(only_here=int((~known).sum())))
            if model is not None and known.any():
                _judge(found, score, station, np.flatnonzero(known), model, rest)
        on_progress(len(group))
    found.stations, found.months = dict(sorted(found.stations.items())), dict(sorted(found.months.items()))
    return found


def _judge(
    found: LeftOut, score: StationScore, station: StationSamples, rows: IntArray, model: Discriminant, rest: ClassSums
) -> None:
    """Let a model answer the samples `rows` of a station, and count."""
    probabilities = softmax(model.logits(station.embeddings[rows] - rest.origin) / np.float32(PRIOR_TEMPERATURE))
    answers, truth = rest.classes[probabilities.argmax(axis=1)], station.label_indices[rows]
    np.add.at(found.confusion, (truth, answers), 1)
    score.judged, score.right = len(rows), int((answers == truth).sum())
    wrong: dict[tuple[int, int], Disagreeing] = {}  # the surest of each hold: its pictures are nearly the same
    for row, right_label, answer, confidence in zip(
        rows.tolist(), truth.tolist(), answers.tolist(), probabilities.max(axis=1).tolist(), strict=True
    ):
        folder, place = station.places[row]
        month = found.months.setdefault(_month(folder.saved_at_s), StationScore())
        month.judged += 1
        month.right += answer == right_label
        if answer != right_label and folder.has_picture(place):
            hold = (int(station.holds[row]), answer)
            if hold not in wrong or wrong[hold].confidence < confidence:
                wrong[hold] = Disagreeing(confidence, right_label, answer, folder, place)
    most = [*found.disagreeing, *wrong.values()]
    found.disagreeing = tuple(heapq.nlargest(DISAGREEING, most, key=lambda one: one.confidence))


def _month(saved_at_s: int) -> str:
    return f"{datetime.fromtimestamp(saved_at_s):%Y-%m}" if saved_at_s else ""


def _shared(stations: Mapping[str, Sequence[StoredFolder]], keys: Sequence[str]) -> BoolArray:
    taught_at = [{key for folder in folders for key in folder.keys} for folders in stations.values()]
    return np.array([sum(key in taught for taught in taught_at) > 1 for key in keys])
