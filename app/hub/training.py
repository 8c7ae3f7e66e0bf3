"""Train one model on what many stations taught, and write it as a folder that a station takes as its starter."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.base.ports import ImageArray
from app.hub.fleet import StationSamples, StoredFolder, samples_by_station
from app.hub.left_out import FleetSums, groups_of
from app.model.counterpart import write_counterpart
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.facts import REPORT, ExportFacts, export_facts
from app.model.starter import HEAD_FILE
from app.model.train import TrainedModel, train_model
from app.session.pictures import decode_picture
from app.session.session import Sample, Session
from learning.class_sums import head_of
from learning.dataset import MIN_SHOTS
from learning.fit import FitResult
from learning.view_prior import ViewPrior
from tpu.extractor import EmbeddingExtractor

COPIES = 4  # of the embeddings that a fit in memory holds at its peak; also in `app.commands.train`
PICTURES_OF_CLASS = 8  # that compare the exported file with the trained head


@dataclass(frozen=True, eq=False)
class FleetModel:
    """A trained model.

    Attributes:
        trained: The model; its file is in a temporary folder.
        facts: What its folder says about it.
        from_sums: Whether the samples did not fit into the memory limit.
        fitted_on: Number of samples that temperature and "not sure" were measured on.
    """

    trained: TrainedModel
    facts: ExportFacts
    from_sums: bool
    fitted_on: int


def train_fleet(
    stations: Mapping[str, Sequence[StoredFolder]],
    keys: Sequence[str],
    labels: Sequence[str],
    extractor: EmbeddingExtractor,
    extractor_file: Path,
    model_path: Path,
    *,
    sums: FleetSums,
    prior: ViewPrior | None,
    seed: int,
    memory_bytes: int,
    runtime: str,
) -> FleetModel:
    """Train one model.

    Above the memory limit, the weights come from the sums over all samples. Temperature, threshold and "not sure" are
    then measured on as many samples as fit, evenly chosen among stations and classes.

    Args:
        stations, keys: From `app.hub.fleet`.
        labels: The name of each class.
        extractor, extractor_file: The extractor of the hub.
        model_path: Where to write the model.
        sums: From `app.hub.left_out.sum_up`.
        prior: Of the extractor.
        seed: Decides the validation split.
        memory_bytes: The memory limit.
        runtime: Which interpreter opens the model.
    """
    total = sum(len(folder.keys) for folders in stations.values() for folder in folders)
    room = max(memory_bytes // (COPIES * 4 * extractor.feature_dim), MIN_SHOTS * len(keys))
    most = None if total <= room else max(MIN_SHOTS, room // (len(stations) * len(keys)))
    samples, places = _samples(stations, keys, sums, most)
    session = Session(tuple(labels), tuple(samples), extractor.name, extractor.origin_sha256)

    def picture_of(row: int) -> ImageArray:
        folder, place = places[row]
        return decode_picture(folder.picture(place))

    def from_sums(fit: FitResult) -> FitResult:
        everything = sums.samples + sums.views if fit.made_taught else sums.samples
        some = session.embeddings()
        head = head_of(everything.discriminant(prior), everything.origin, fit, some)
        return replace(fit, head=head)

    trained = train_model(
        session,
        extractor,
        model_path,
        rng=np.random.default_rng(seed),
        runtime=runtime,
        device="cpu",
        prior=prior,
        improve=None if most is None else from_sums,
        picture_of=picture_of,
    )
    trained.engine.close()
    write_counterpart(trained.path, trained.head, extractor_file)
    counts = [0] * len(keys)
    for folders in stations.values():
        for folder in folders:
            for index, key in enumerate(keys):
                counts[index] += folder.keys.count(key)
    facts = replace(export_facts(trained, session, extractor), shots=tuple(counts))
    return FleetModel(trained, facts, most is not None, len(session.samples))


def write_starter(
    out: Path,
    model: FleetModel,
    report: str,
    summary: Mapping[str, Any],
    *,
    order: int,
    sign: Callable[[bytes], bytes] | None,
) -> Path:
    """Write the folder: like that of SAVE, without a session, with the report of the hub.

    Args:
        out: The folder; an earlier result is replaced.
        model: From `train_fleet`.
        report: The page `report.html`.
        summary: What `report.json` says about the stations.
        order: The serial number: a station takes no starter with a smaller one.
        sign: Makes the signature; None leaves it out.

    Raises:
        ExportError: If it cannot be written; an earlier result stays.
    """
    training = {name: value for name, value in model.trained.training_report.items() if name not in PER_SAMPLE}
    facts = replace(
        model.facts,
        order=order,
        training_report={**training, "shots": list(model.facts.shots), **EMPTY, "hub": summary},
    )
    head = io.BytesIO()
    params = model.trained.head.params
    np.savez(head, weights=np.asarray(params["mat_w"], np.float32), biases=np.asarray(params["vec_b"], np.float32))
    return write_export(
        out,
        facts,
        None,
        include_pictures=False,
        more={REPORT: report.encode(), HEAD_FILE: head.getvalue()},
        sign=sign,
    )


PER_SAMPLE = ("held_out", "wrong")
EMPTY: dict[str, list[Any]] = {"held_out": [], "wrong": []}


def _samples(
    stations: Mapping[str, Sequence[StoredFolder]], keys: Sequence[str], sums: FleetSums, most: int | None
) -> tuple[list[Sample], list[tuple[StoredFolder, int]]]:
    """Choose the samples to train on.

    Args:
        stations, keys, sums: As in `train_fleet`.
        most: So many of each class and station, evenly chosen; None takes all.

    Returns:
        The samples, of which few hold their picture, and the folder and the row in it of each.
    """
    samples: list[Sample] = []
    places: list[tuple[StoredFolder, int]] = []
    pictures, next_hold = [0] * len(keys), 0
    for _, station in samples_by_station(stations, keys):
        groups = groups_of(station, sums.shared)
        for row in _chosen(station, most):
            label = int(station.label_indices[row])
            folder, place = station.places[row]
            picture = folder.picture(place) if pictures[label] < PICTURES_OF_CLASS else b""
            pictures[label] += bool(picture)
            places.append((folder, place))
            samples.append(
                Sample(
                    len(samples),
                    label,
                    station.embeddings[row].copy(),  # a view would keep all samples of the station in memory
                    picture,
                    float(folder.saved_at_s),
                    hold=next_hold + int(groups[row]),
                    made=station.made[station.made_source == row],
                )
            )
        next_hold += int(groups.max()) + 1
    return samples, places


def _chosen(station: StationSamples, most: int | None) -> list[int]:
    if most is None:
        return list(range(len(station.label_indices)))
    chosen: list[int] = []
    for label in np.unique(station.label_indices):
        own = np.flatnonzero(station.label_indices == label)
        chosen += own[np.unique(np.linspace(0, len(own) - 1, most).round().astype(int))].tolist()
    return sorted(chosen)
