"""`classify MODEL IMAGE...`: let an exported model answer pictures, as the kiosk would."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from app.commands.report import write_json
from tpu.accelerator import accelerator_for, settle
from tpu.classifier import ClassificationEngine, read_label_file
from tpu.errors import ModelUnreadable
from tpu.tensors import centre_crop, read_picture


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
    """Classify pictures and print an answer each.

    Raises:
        RuntimeLayerError: If the model, its labels or a picture cannot be used.
    """
    path = _model_file(model)
    share = _told_of(path, "preprocessing", "crop_share") or 1.0
    names = read_label_file(labels) if labels else None
    with accelerator_for(path, runtime=runtime, device=device) as accelerator:
        engine = ClassificationEngine(path, labels=names, runtime=runtime, device=device, accelerator=accelerator)
        settle(accelerator, device)
        threshold = engine.threshold if engine.threshold is not None else _told_of(path, "threshold")
        answers = []
        for image in images:
            picture = read_picture(image)
            square = picture.shape[0] == picture.shape[1]  # cut already: the kiosk keeps its samples so
            judged = engine.judge(picture if square else centre_crop(picture, share))
            probabilities = judged.probabilities
            order = (-probabilities).argsort(kind="stable")
            known = judged.is_known(threshold)
            ranked = ", ".join(f"{engine.labels[i]} {probabilities[i]:.1%}" for i in order[:top])
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


def _model_file(model: Path) -> Path:
    """The model itself, or the one in a folder that SAVE wrote."""
    if not model.is_dir():
        return model
    found = sorted(model.glob("*/model*.tflite")) or sorted(model.glob("*.tflite"))
    if not found:
        raise ModelUnreadable(model, "the folder holds no .tflite file. Name the model itself.")
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
