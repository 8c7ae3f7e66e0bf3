"""One round of the hub: from what was collected of the stations to the folder of a starter."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.base.errors import ReportNotWritten
from app.base.files import write_durably
from app.hub.fleet import Fleet, stations_of
from app.hub.left_out import Disagreeing, LeftOut, leave_stations_out, sum_up
from app.hub.names import NameMap
from app.hub.report_page import hub_page
from app.hub.summary import Summary, station_summaries
from app.hub.training import train_fleet, write_starter
from app.importing.find import next_order
from app.model.saved_folder.facts import EXPORT_FOLDER
from learning.view_prior import ViewPrior
from tpu.extractor import EmbeddingExtractor


@dataclass(frozen=True)
class HubOptions:
    """What stays the same from round to round.

    Attributes:
        out: The folder to write.
        seed: Decides the validation split.
        memory_bytes: Above this, the weights come from sums.
        report: Also gets the report, with the pictures that disagree most; None writes none. The report in `out`, which
            travels to every station, never shows a picture.
        sign: Makes the signature of the folder; None leaves it out.
        runtime: Which interpreter opens the model.
    """

    out: Path
    seed: int
    memory_bytes: int
    report: Path | None
    sign: Callable[[bytes], bytes] | None
    runtime: str


def make_starter(
    fleet: Fleet,
    names: NameMap,
    extractor: EmbeddingExtractor,
    extractor_file: Path,
    prior: ViewPrior | None,
    options: HubOptions,
    on_progress: Callable[[int], object] = lambda _stations: None,
) -> tuple[Summary, Path]:
    """Measure, train and write.

    Args:
        fleet, names: What was collected.
        extractor, extractor_file, prior: The extractor of the hub.
        options: How to do it.
        on_progress: Receives the number of stations that were just judged.

    Returns:
        What was found out, and the model file.

    Raises:
        HubRefused: If there are fewer than two classes.
        ExportError: If the folder cannot be written; an earlier one stays.
        ReportNotWritten: If the report with pictures cannot be written.
    """
    keys = fleet.finish()
    labels = [names.shown(key) for key in keys]
    stations = stations_of(fleet.folders)
    origin = fleet.folders[0].embeddings().mean(axis=0)
    sums = sum_up(stations, keys, origin, prior)
    left_out = leave_stations_out(stations, keys, sums, prior, on_progress)
    out = options.out
    with tempfile.TemporaryDirectory(prefix="kiosk-hub-") as scratch:
        model = train_fleet(
            stations,
            keys,
            labels,
            extractor,
            extractor_file,
            Path(scratch) / "model.tflite",
            sums=sums,
            prior=prior,
            seed=options.seed,
            memory_bytes=options.memory_bytes,
            runtime=options.runtime,
        )
        places = [out.absolute().parent, out.absolute().parent / EXPORT_FOLDER]
        summary = Summary(
            labels=labels,
            names={label: names.spellings(key) for label, key in zip(labels, keys, strict=True)},
            stations=station_summaries(fleet.stations, left_out),
            refused=tuple(fleet.refused),
            confusion=left_out.confusion.tolist(),
            months=[(month, one.right, one.judged) for month, one in left_out.months.items()],
            accuracy=left_out.accuracy,
            left_out_together=left_out.together,
            from_sums=model.from_sums,
            serial=next_order(places, datetime.now()),
            extractor_name=extractor.name,
            extractor_sha256=extractor.origin_sha256,
        )
        page = hub_page(summary)
        folder = write_starter(out, model, page, summary.as_json(), order=summary.serial, sign=options.sign)
        if options.report is not None:
            try:
                write_durably(options.report, hub_page(summary, _pictures(left_out, labels)).encode())
            except OSError as error:
                raise ReportNotWritten(options.report, error.strerror or type(error).__name__) from error
        return summary, folder / model.facts.file


def _pictures(left_out: LeftOut, labels: list[str]) -> list[tuple[bytes, str]]:
    def text(one: Disagreeing) -> str:
        return f"{one.folder.station}: {labels[one.truth]} → {labels[one.answer]} {one.confidence:.0%}"

    return [(one.folder.picture(one.row), text(one)) for one in left_out.disagreeing]
