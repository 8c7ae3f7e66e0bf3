"""`train DATA_DIR --out DIR`: folders of pictures in, the same folder out that SAVE writes."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from app.commands.report import write_json
from app.durable_folder import refuse_used
from app.errors import DatasetInvalid, ExportFailed
from app.export import facts_of, write_export
from app.file_names import file_name_problem
from app.pictures import encode_picture
from app.session import Sample, Session
from app.training import train_model
from tpu.accelerator import accelerator_for, settle
from tpu.errors import PictureUnreadable
from tpu.extractor import EmbeddingExtractor
from tpu.models import default_extractor_path
from tpu.tensors import centre_crop, read_picture

logger = logging.getLogger(__name__)

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp"}


def run_train(
    data_dir: Path,
    out: Path,
    *,
    extractor: Path | None,
    runtime: str,
    device: str,
    seed: int,
    json_path: Path | None,
    write: Callable[[str], None],
) -> None:
    """Train on DATA_DIR/<class label>/*.jpg|png|bmp and write the export folder.

    Raises:
        DatasetInvalid: If the folder cannot be used; the text says why and what to do.
        ExportFailed: If `out` cannot be written, which is looked at before anything is learned.
        KioskError, LearningError, RuntimeLayerError: Whatever else goes wrong, in one line.
    """
    pictures = find_pictures(data_dir)
    check_out(out)
    path = extractor or default_extractor_path()
    with (
        accelerator_for(path, runtime=runtime, device=device) as accelerator,
        EmbeddingExtractor(path, runtime=runtime, device=device, accelerator=accelerator) as opened,
    ):
        settle(accelerator, device)
        started_s = time.perf_counter()
        session = _embedded(pictures, opened)
        embed_s = time.perf_counter() - started_s
        with tempfile.TemporaryDirectory(prefix="kiosk-train-") as scratch:
            trained = train_model(
                session,
                opened,
                Path(scratch) / "model.tflite",
                rng=np.random.default_rng(seed),
                runtime=runtime,
                device=device,
                accelerator=accelerator,
            )
            trained.engine.close()
            facts = facts_of(trained, session, opened)
            folder = write_export(out, facts, session, include_pictures=False, report_pictures=True)
    model = folder / facts.file
    write(f"validation accuracy: {trained.validation_accuracy:.1%}")
    write(f"model: {model}")
    write(f"report: {folder / 'report.html'}")
    write_json(
        json_path,
        {
            "classes": list(trained.labels),
            "samples": dict(zip(trained.labels, session.shots(), strict=True)),
            "validation_accuracy": trained.validation_accuracy,
            "agreement": trained.agreement.same_answer,
            "seconds": {"embed": embed_s, **trained.seconds},
            "model": str(model),
            "labels": str(model.with_name("labels.txt")),
        },
    )


def find_pictures(data_dir: Path) -> dict[str, list[Path]]:
    """Picture files by class label, both sorted.

    Raises:
        DatasetInvalid: If there is nothing to train on, or a label cannot be used.
    """
    if not data_dir.is_dir():
        raise DatasetInvalid(f"{data_dir} is no folder. Name one that holds a folder of pictures per class.")
    found = {
        folder.name: _pictures_in(folder)
        for folder in _listed(data_dir)
        if folder.is_dir() and not folder.name.startswith(".")
    }
    if not found and (loose := _pictures_in(data_dir)):
        raise DatasetInvalid(
            f"the pictures in {data_dir} ({loose[0].name} …) belong to no class. Put them into a folder per class."
        )
    if not any(found.values()):
        raise DatasetInvalid(f"{data_dir} holds no pictures. Put JPEG, PNG or BMP files into {data_dir}/<label>/.")
    for label, files in found.items():
        check_label(label)
        if not files:
            raise DatasetInvalid(f"the class {label!r} has no pictures. Add some, or remove its folder.")
    if len(found) == 1:
        raise DatasetInvalid(f"there is only one class, {next(iter(found))!r}. Add a folder for a second one.")
    return found


def _pictures_in(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.suffix.lower() in ENDINGS]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DatasetInvalid(
            f"{folder} cannot be read: {error.strerror}. Give yourself the right to read it."
        ) from error


def check_out(out: Path) -> None:
    """Refuse a folder that cannot be written, by making one where it will be.

    Raises:
        ExportFailed: Naming the folder and the reason.
    """
    try:
        refuse_used(out)
        place = next(folder for folder in out.absolute().parents if folder.exists())
        with tempfile.TemporaryDirectory(prefix=f"{out.name}.", dir=place):
            return
    except ExportFailed:
        raise
    except OSError as error:
        raise ExportFailed(f"{out} cannot be written: {error.strerror}. Name another folder with --out.") from error


def check_label(label: str) -> None:
    """Refuse a label that cannot be the name of a file on every system: here it is the name of a folder.

    On the kiosk a class may be called anything; its name is made safe wherever it becomes that of a file.

    Raises:
        DatasetInvalid: Naming the label and the rule.
    """
    if (problem := file_name_problem(label)) is not None:
        raise DatasetInvalid(f"the class label {label!r} cannot be used: {problem}. Rename its folder.")


def _embedded(pictures: dict[str, list[Path]], extractor: EmbeddingExtractor) -> Session:
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
                square = centre_crop(image)
                samples.append(Sample(len(samples), class_index, extractor.embed(image), encode_picture(square), 0.0))
    for unreadable in skipped:
        logger.warning("skipped %s: %s", unreadable.path, unreadable.reason or "it is not a readable picture")
    session = Session(tuple(pictures), tuple(samples), extractor.name, extractor.origin_sha256)
    for label, count in zip(session.labels, session.shots(), strict=True):
        if count == 0:
            raise DatasetInvalid(f"no picture of the class {label!r} can be read. Replace them, or remove its folder.")
    return session
