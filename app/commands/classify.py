"""`classify MODEL IMAGE...`: classify pictures with an exported model, exactly as the kiosk does."""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from app.base.errors import PicturesSkipped
from app.base.explanation import Way
from app.base.shown_paths import shown_path, shown_text
from app.base.text_files import LARGEST_TEXT_BYTES
from app.commands.exit_codes import DONE
from app.commands.overlays import Overlays, why_as_json
from app.commands.report import line_writer, write_json
from app.model.saved_folder.verified_folder import METADATA
from app.model.why import Explainer
from tpu.classifier import ClassificationEngine, read_label_file
from tpu.edgetpu.accelerator import accelerator_for, wait_until_usable
from tpu.errors import ModelUnreadable, PictureUnreadable
from tpu.plain_files import read_plain_file
from tpu.tensors import centre_crop, read_picture

logger = logging.getLogger(__name__)

SMALLEST_CROP = 0.05  # of the shorter side


def run(options: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    if options.extractor is not None:
        options.usage_error("classify takes no --extractor: the model contains its own")
    run_classify(
        options.model,
        options.images,
        labels=options.labels,
        top=options.top,
        json_path=options.json,
        why=options.why,
        runtime=options.runtime or "auto",
        device=options.device or "auto",
        write=line_writer(options),
    )
    return DONE


def run_classify(
    model: Path,
    images: Sequence[Path],
    *,
    labels: Path | None,
    top: int,
    json_path: Path | None,
    why: Path | None = None,
    runtime: str,
    device: str,
    write: Callable[[str], None],
) -> None:
    """Classify pictures and write one line for each.

    A picture that cannot be read is logged and skipped, and the command fails after the others were classified.

    Args:
        model: A `.tflite` file, or a folder that contains an exported model.
        images: Picture files.
        labels: Label file; None is the one beside the model.
        top: How many labels to write per picture, the most probable first.
        json_path: File for all probabilities as JSON; None writes none.
        why: Folder for pictures that show where the model found its answers; None explains nothing.
        runtime, device: As on the command line.
        write: Receives the results, one line at a time.

    Raises:
        RuntimeLayerError: If the model, its labels or the only picture cannot be used.
        OverlayNotWritten: If a picture for `why` cannot be written.
        PicturesSkipped: If some of several pictures cannot be read; the others were classified.
    """
    path = _model_file(model)
    overlays = Overlays(why, images) if why is not None else None
    share = _metadata_number(path, "preprocessing", "crop_share", least=SMALLEST_CROP) or 1.0
    names = read_label_file(labels) if labels else None
    with accelerator_for(path, runtime=runtime, device=device) as accelerator:
        engine = ClassificationEngine(path, labels=names, runtime=runtime, device=device, accelerator=accelerator)
        wait_until_usable(accelerator, device)
        threshold = engine.threshold if engine.threshold is not None else _metadata_number(path, "threshold")
        labels_shown = _told_apart(engine.labels)
        explainer = Explainer(engine, runtime=runtime) if overlays is not None else None
        if explainer is not None and explainer.way is Way.OCCLUSION:
            write(f"explained by covering parts of each picture, which is slow and not exact: {explainer.reason}")
        answers: list[dict[str, object]] = []
        unreadable: list[PictureUnreadable] = []
        for image in images:
            try:
                picture = read_picture(image)
            except PictureUnreadable as error:
                unreadable.append(error)
                if len(images) > 1:
                    logger.warning("%s", shown_text(str(error)))
                continue
            square = picture.shape[0] == picture.shape[1]  # already cropped, as the kiosk's own samples are
            seen = centre_crop(picture if square else centre_crop(picture, share))
            judgement, explained = explainer.explain(seen) if explainer is not None else (engine.judge(seen), None)
            probabilities = judgement.probabilities
            order = (-probabilities).argsort(kind="stable")
            known = judgement.is_known(threshold)
            ranked = ", ".join(f"{shown_text(labels_shown[i])}: {100 * probabilities[i]:.1f} %" for i in order[:top])
            write(f"{shown_path(image)}: {ranked}" if known else f"{shown_path(image)}: not sure ({ranked})")
            answer: dict[str, object] = {
                "image": shown_path(image),
                "label": labels_shown[order[0]],
                "probabilities": {label: float(p) for label, p in zip(labels_shown, probabilities, strict=True)},
                "known": known,
                "novelty": judgement.novelty,
            }
            if explained is not None and overlays is not None:
                file = overlays.write(image, seen, explained)
                answer["why"] = {**why_as_json(explained, labels_shown), "file": str(file)}
            answers.append(answer)
        if explainer is not None:
            explainer.close()
            write(f"pictures that show where the model found its answers: {why}")
        engine.close()
    write_json(json_path, answers)
    if len(images) == 1 and unreadable:
        raise unreadable[0]
    if unreadable:
        raise PicturesSkipped(len(unreadable), len(images))


def _model_file(model: Path) -> Path:
    """The file to open: `model` itself, or the model in a folder that SAVE or train wrote, or in a folder of models."""
    try:
        if not model.is_dir():
            return model
        next(model.iterdir(), None)  # `glob` finds nothing in a folder that cannot be read
        found = sorted(model.glob("*/model*.tflite")) or sorted(model.glob("model*.tflite"))
    except OSError as error:
        raise ModelUnreadable(model, f"{error.strerror}. Name a .tflite file that can be read.") from error
    if not found:
        raise ModelUnreadable(
            model, "the folder contains no model. Name a .tflite file, or a folder that SAVE or train wrote."
        )
    plain = [path for path in found if "edgetpu" not in path.name]
    return (plain or found)[0]


def _told_apart(labels: Sequence[str]) -> list[str]:
    """The labels; where several classes share one, as in some published lists, with the number of the class."""
    counts = Counter(labels)
    return [label if counts[label] == 1 else f"{label} ({index})" for index, label in enumerate(labels)]


def _metadata_number(model: Path, *names: str, least: float = 0.0) -> float:
    """A number of `least`..1 in the `metadata.json` of an export, which may be a stranger's.

    0 if there is none: as a threshold it accepts every answer.
    """
    for folder in (model.parent, model.parent.parent):
        try:
            value = json.loads(read_plain_file(folder / METADATA, LARGEST_TEXT_BYTES))
            for name in names:
                value = value[name]
            number = float(value)
        except (OSError, ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError):
            continue
        if least <= number <= 1:
            return number
    return 0.0
