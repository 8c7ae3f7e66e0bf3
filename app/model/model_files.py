"""The folder in the data directory where trained models live until they are saved, and the files of each.

A trained model `model-N.tflite` has up to two files beside it: its training report, and its counterpart, the same head
on the other form of the extractor (`app.model.counterpart`). Models from a drive that are shown for a while are called
`shown-N.tflite`; only older versions wrote them to this folder.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.base.error_texts import system_error_text
from app.base.errors import ModelNotWritten
from app.base.files import write_durably
from app.config.schema import Config
from app.model.training_report import is_whole
from tpu.plain_files import read_plain_file

logger = logging.getLogger(__name__)

TRAINED, SHOWN = "model", "shown"  # how the names of trained models and of models from drives begin

LARGEST_REPORT_BYTES = 256 << 20


def models_dir(config: Config) -> Path:
    """Return the folder of trained models in the data directory."""
    return config.data_dir / "models"


def new_model_path(config: Config, kind: str = TRAINED) -> Path:
    """Return a path for a new model, TRAINED or SHOWN; names grow with time, so no two models share one."""
    return models_dir(config) / f"{kind}-{time.time_ns()}.tflite"


def report_path(model: Path) -> Path:
    """Return where the training report of a model is kept until the model is saved."""
    return model.with_suffix(".report.json")


def counterpart_path(model: Path) -> Path:
    """Return where the counterpart of a trained model is kept."""
    return model.with_name(f"{model.stem}.twin.tflite")  # the name that version 0.1 uses


def saved_counterpart(model: Path) -> Path | None:
    """Return the counterpart of a trained model; None if it has none."""
    path = counterpart_path(model)
    return path if path.is_file() else None


def read_report(model: Path) -> dict[str, Any] | None:
    """Return what `write_report` wrote beside a model; None if it is missing or damaged."""
    try:
        facts: Any = json.loads(read_plain_file(report_path(model), LARGEST_REPORT_BYTES))
    except (OSError, ValueError, RecursionError):  # the model is worth saving without it
        return None
    return facts if isinstance(facts, dict) else None


def read_sound_report(model: Path) -> dict[str, Any] | None:
    """Return the same, or None if a damaged file has lost what the pages of the results show."""
    facts = read_report(model)
    if facts is None or is_whole(facts):
        return facts
    logger.warning("the training report %s is damaged, so it is not used", report_path(model))
    return None


def write_report(model: Path, facts: Mapping[str, Any]) -> None:
    """Write the training report beside a model.

    Args:
        model: The model file.
        facts: As `app.model.training_report.training_report` returns them.

    Raises:
        ModelNotWritten: If there is no room or no permission.
    """
    write_model_file(report_path(model), (json.dumps(facts) + "\n").encode())


def write_model_file(path: Path, data: bytes) -> None:
    """Write a model, or a file that belongs to it, durably.

    Raises:
        ModelNotWritten: If there is no room or no permission; the file that was there is unchanged.
    """
    try:
        write_durably(path, data)
    except OSError as error:
        raise ModelNotWritten(path.parent, system_error_text(error)) from error


def files_of(model: Path) -> tuple[Path, Path, Path]:
    """Return the model file and the files that may be beside it: its report and its counterpart."""
    return model, report_path(model), counterpart_path(model)


def delete_model(model: Path) -> None:
    """Delete a model with the files beside it; missing files are no error."""
    for file in files_of(model):
        file.unlink(missing_ok=True)


def delete_trained_models(config: Config) -> None:
    """Delete all trained models, with the files beside them."""
    _delete(config, f"{TRAINED}-*")


def trained_files(config: Config) -> frozenset[Path]:
    """Return the files of all trained models."""
    return frozenset(models_dir(config).glob(f"{TRAINED}-*"))


def delete_shown_models(config: Config) -> None:
    """Delete the models from drives that an older version has shown."""
    _delete(config, f"{SHOWN}-*")


def delete_unfinished_files(config: Config) -> None:
    """Delete what a power cut left half written."""
    _delete(config, "*.partial")


def delete_files(files: Iterable[Path]) -> None:
    """Delete files; one that cannot be deleted costs room and nothing else."""
    for file in files:
        with suppress(OSError):
            file.unlink()


def _delete(config: Config, pattern: str) -> None:
    delete_files(models_dir(config).glob(pattern))
