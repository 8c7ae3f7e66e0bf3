"""`classify MODEL IMAGE...`: let an exported model answer pictures, as the kiosk would."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from app.commands.report import write_json
from tpu.classifier import ClassificationEngine, read_label_file
from tpu.edgetpu.accelerator import accelerator_for, wait_until_usable
from tpu.errors import ModelUnreadable, PictureUnreadable, RuntimeLayerError
from tpu.tensors import centre_crop, read_picture

logger = logging.getLogger(__name__)


def run_classify(
    model: Path,
    images: Sequence[Path],
    *,
    labels: Path | None,
    top: int,
    json_path: Path | None,
    runtime: str,
    device: str,
    write: Callable[[str], None],
) -> None:
    """Classify pictures and print an answer each. One of several that cannot be read is told and left out.

    Raises:
        RuntimeLayerError: If the model or its labels cannot be used; or a picture, once all others are answered.
    """
    path = _model_file(model)
    share = _told_of(path, "preprocessing", "crop_share") or 1.0
    names = read_label_file(labels) if labels else None
    with accelerator_for(path, runtime=runtime, device=device) as accelerator:
        engine = ClassificationEngine(path, labels=names, runtime=runtime, device=device, accelerator=accelerator)
        wait_until_usable(accelerator, device)
        threshold = engine.threshold if engine.threshold is not None else _told_of(path, "threshold")
        answers: list[dict[str, object]] = []
        unreadable: list[PictureUnreadable] = []
        for image in images:
            try:
                picture = read_picture(image)
            except PictureUnreadable as error:
                unreadable.append(error)
                if len(images) > 1:
                    logger.warning("%s", error)
                continue
            square = picture.shape[0] == picture.shape[1]  # cut already: the kiosk keeps its samples so
            judged = engine.judge(picture if square else centre_crop(picture, share))
            probabilities = judged.probabilities
            order = (-probabilities).argsort(kind="stable")
            known = judged.is_known(threshold)
            ranked = ", ".join(f"{engine.labels[i]}: {100 * probabilities[i]:.1f} %" for i in order[:top])
            write(f"{image}: {ranked}" if known else f"{image}: not sure ({ranked})")
            answers.append(
                {
                    "image": str(image),
                    "label": engine.labels[order[0]],
                    "probabilities": {label: float(p) for label, p in zip(engine.labels, probabilities, strict=True)},
                    "known": known,
                    "novelty": judged.novelty,
                }
            )
        engine.close()
    write_json(json_path, answers)
    if len(images) == 1 and unreadable:
        raise unreadable[0]
    if unreadable:
        raise RuntimeLayerError(
            f"{len(unreadable)} of {len(images)} pictures cannot be read. They are named above: replace them."
        )


def _model_file(model: Path) -> Path:
    """The model itself, or the one in a folder that SAVE or train wrote, or in a folder of those."""
    if not model.is_dir():
        return model
    found = sorted(model.glob("*/model*.tflite")) or sorted(model.glob("model*.tflite"))
    if not found:
        raise ModelUnreadable(model, "it is no folder that SAVE or train wrote. Name one, or a .tflite file itself.")
    plain = [path for path in found if "edgetpu" not in path.name]
    return (plain or found)[0]


def _told_of(model: Path, *names: str) -> float:
    """A number of the export's own, such as its threshold; 0, always sure, for a model that came without one."""
    for folder in (model.parent, model.parent.parent):
        try:
            value = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
            for name in names:
                value = value[name]
            return float(value)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return 0.0
