"""`train DATA_DIR --out DIR`: train on folders of pictures and write the same folder that SAVE writes."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from app.base.errors import ExportError, ExportFailed
from app.base.files import folder_problem
from app.commands.dataset import check_shots, find_pictures
from app.commands.exit_codes import DONE
from app.commands.report import line_writer, write_json
from app.config.schema import Config
from app.importing.find import next_order
from app.model.counterpart import write_counterpart
from app.model.prior import ExtractorPrior
from app.model.saved_folder.contents import write_export
from app.model.saved_folder.facts import EDGE_TPU_FILE, EXPORT_FOLDER, PAGE, export_facts
from app.model.saved_folder.verified_folder import CHECKSUMS, refuse_occupied
from app.model.train import TrainedModel, train_model
from app.session.pictures import decode_picture, encode_picture
from app.session.session import MOST_MADE_VIEWS, Sample, Session
from learning.extractor_file import check_extractor
from learning.view_prior import ViewPrior
from tpu.counterparts import cpu_counterpart
from tpu.edgetpu.accelerator import accelerator_for, wait_until_usable
from tpu.errors import PictureUnreadable
from tpu.extractor import EmbeddingExtractor
from tpu.made_views import made_views
from tpu.models import extractor_path
from tpu.runtime import CPU
from tpu.tensors import centre_crop, read_picture

logger = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    run_train(
        options.data_dir,
        options.out,
        extractor=extractor_path(options.extractor or ""),
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        seed=options.seed,
        json_path=options.json,
        write=line_writer(options),
    )
    return DONE


def run_train(
    data_dir: Path,
    out: Path,
    *,
    extractor: Path,
    runtime: str,
    device: str,
    seed: int,
    json_path: Path | None,
    write: Callable[[str], None],
) -> None:
    """Train on DATA_DIR/<class label>/*.jpg|png|bmp|webp|tif and write the export folder.

    Args:
        data_dir: A folder with one subfolder of pictures for each class.
        out: The folder to write: new, empty, or an earlier result, which is replaced.
        extractor: The `.tflite` file of the embedding extractor.
        runtime, device: As on the command line.
        seed: Decides the validation split.
        json_path: File for the results as JSON; None writes none.
        write: Receives the results, one line at a time.

    Raises:
        DatasetInvalid: If the pictures cannot be used.
        ExportError: If `out` cannot be written; this is checked before the training.
        KioskError, LearningError, RuntimeLayerError: If anything else fails.
    """
    dataset = find_pictures(data_dir)
    check_out(out)
    replaces_result = (out / CHECKSUMS).is_file()
    with (
        accelerator_for(extractor, runtime=runtime, device=device) as accelerator,
        EmbeddingExtractor(extractor, runtime=runtime, device=device, accelerator=accelerator) as opened,
    ):
        check_extractor(opened.model_bytes, extractor)
        wait_until_usable(accelerator, device)
        started_s = time.perf_counter()
        session = _embedded(dataset.pictures, opened)
        shots = dict(zip(session.labels, session.shots(), strict=True))
        check_shots(data_dir, shots)
        prior = _prior(opened, write)
        session = _with_views(session, opened)
        embed_s = time.perf_counter() - started_s
        skipped = dataset.left_out + sum(map(len, dataset.pictures.values())) - len(session.samples)
        write(f"pictures used: {len(session.samples)}, in {len(shots)} classes; files skipped: {skipped}")
        if opened.compiled_for_edge_tpu and (count := [one.device for one in session.samples].count(CPU)):
            why = "because of --device cpu" if device == CPU else "because no Edge TPU answered"
            write(f"{count} of them were embedded on the CPU with {cpu_counterpart(extractor)}, {why}")
        with tempfile.TemporaryDirectory(prefix="kiosk-train-") as scratch:
            trained = train_model(
                session,
                opened,
                Path(scratch) / "model.tflite",
                rng=np.random.default_rng(seed),
                runtime=runtime,
                device=device,
                accelerator=accelerator,
                prior=prior,
            )
            trained.engine.close()
            write_counterpart(trained.path, trained.head, extractor)
            places = [out.absolute().parent, out.absolute().parent / EXPORT_FOLDER]
            facts = replace(export_facts(trained, session, opened), order=next_order(places, datetime.now()))
            folder = write_export(out, facts, session, include_pictures=False, report_pictures=True)
    model = folder / facts.file
    if replaces_result:
        write(f"replaced the earlier result in {out}")
    write(f"validation accuracy: {_accuracy_in_words(trained)}")
    write(f"model: {model}")
    if EDGE_TPU_FILE in facts.models and facts.file != EDGE_TPU_FILE:
        write(f"model for the Edge TPU: {folder / EDGE_TPU_FILE}")
    if (folder / PAGE).is_file():
        write(f"try it in a browser: {folder / PAGE}")
    write(f"report: {folder / 'report.html'}")
    write_json(
        json_path,
        {
            "classes": list(trained.labels),
            "samples": shots,
            "skipped": skipped,
            "validation_accuracy": trained.validation_accuracy,
            "validation_from": trained.validation_from,
            "provisional": trained.provisional,
            "agreement": trained.agreement.same_answer,
            "seconds": {"embed": embed_s, **trained.seconds},
            "model": str(model),
            "labels": str(model.with_name("labels.txt")),
        },
    )


def _accuracy_in_words(trained: TrainedModel) -> str:
    if trained.validation_accuracy is None:
        return "unknown, because the pictures of a class are nearly the same. Add pictures from other sides."
    if trained.validation_from == "views":
        return (
            f"{trained.validation_accuracy:.1%}, from turned and moved copies of pictures, because the pictures of a "
            "class are nearly the same"
        )
    return f"{trained.validation_accuracy:.1%}"


def _prior(extractor: EmbeddingExtractor, write: Callable[[str], None]) -> ViewPrior | None:
    """Return the prior of the extractor; measure it if it is not known yet, which takes some seconds."""
    prior = ExtractorPrior(extractor.origin_sha256, Config().data_dir)
    if prior.wanted:
        write(f"measuring {extractor.name}, once for each extractor")
        prior.measure(extractor.embed)
    return prior.known


def _with_views(session: Session, extractor: EmbeddingExtractor) -> Session:
    """Embed made views of some pictures of each class, MOST_MADE_VIEWS together."""
    samples = list(session.samples)
    for class_index in range(len(session.labels)):
        own = [row for row, one in enumerate(samples) if one.class_index == class_index]
        chosen = np.unique(np.linspace(0, len(own) - 1, MOST_MADE_VIEWS).round().astype(int))
        for row, count in ((own[place], MOST_MADE_VIEWS // len(chosen)) for place in chosen):
            one = samples[row]
            views = made_views(decode_picture(one.picture), count, np.random.default_rng(one.sample_id))
            samples[row] = replace(one, made=np.stack([extractor.embed(view) for view in views]))
    return replace(session, samples=tuple(samples))


def check_out(out: Path) -> None:
    """Check that a folder can be written, by creating a temporary one beside it.

    Raises:
        ExportError: Naming the folder and the reason.
    """
    try:
        refuse_occupied(out)
        problem = folder_problem(out.absolute().parent)
    except ExportError:
        raise
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem:
        raise ExportFailed(f"cannot create the folder {out}: {problem}. Name another one with --out.")


def _embedded(pictures: Mapping[str, Sequence[Path]], extractor: EmbeddingExtractor) -> Session:
    """Embed all pictures; log a warning for each one that cannot be read, and skip it."""
    samples: list[Sample] = []
    skipped: list[PictureUnreadable] = []
    total = sum(map(len, pictures.values()))
    with tqdm(total=total, unit="picture", disable=not sys.stderr.isatty()) as bar:
        for class_index, files in enumerate(pictures.values()):
            for path in files:
                bar.update()
                try:
                    image = read_picture(path)
                except PictureUnreadable as error:
                    skipped.append(error)
                    continue
                picture = encode_picture(centre_crop(image))
                embedding, device = extractor.embedded(image)
                samples.append(Sample(len(samples), class_index, embedding, picture, 0.0, device=device))
    for unreadable in skipped:
        logger.warning("skipped %s: %s", unreadable.path, unreadable.reason or "it is not a readable picture")
    return Session(tuple(pictures), tuple(samples), extractor.name, extractor.origin_sha256)
