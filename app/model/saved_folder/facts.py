"""What a saved folder says about its model, and the names of the files in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.base.file_names import safe_file_name
from app.base.i18n import SOURCE_LANGUAGE
from app.base.not_sure import NotSure
from app.config.schema import ModelSettings
from app.model.model_files import saved_counterpart
from app.model.not_sure import applied_threshold
from app.model.train import TrainedModel
from app.session.session import Session
from learning.validation import Origin
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import PREPROCESSING

REPORT = "report.html"
EXPORT_FOLDER = "teachable"  # on a drive and in the export directory alike
NAME_BYTES = 40
DEFAULT_PALETTE = "paper"
PLAIN_FILE = "converted_tflite_quantized/model.tflite"
EDGE_TPU_FILE = "converted_edgetpu/model_edgetpu.tflite"


@dataclass(frozen=True)
class ExportFacts:
    """A model and what its folder says about it.

    Attributes:
        model_path: The model file.
        labels, shots: Per class, in the order of the model's output.
        validation_accuracy: 0..1; None if it is unknown.
        threshold: 0..1.
        training_report: See `app.model.training_report.training_report`; None if it is lost.
        validation_from: What the accuracy was measured on; None if that is unknown.
        settings: Those that decide when the exported model is "not sure".
        counterpart: The same head on the other form of the extractor, if it exists.
        language, palette: What `open_me.html` starts with.
        order: The folder with the largest order is the newest (`app.importing.find.next_order`); None leaves it out.
        number: By this number the visitor asks for a folder that was saved on the kiosk; None for any other folder.
    """

    model_path: Path
    labels: tuple[str, ...]
    shots: tuple[int, ...]
    validation_accuracy: float | None
    threshold: float
    extractor_name: str
    extractor_sha256: str
    compiled_for_edge_tpu: bool
    preprocessing: Mapping[str, object]
    training_report: Mapping[str, Any] | None = None
    validation_from: Origin | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)
    counterpart: Path | None = None
    language: str = SOURCE_LANGUAGE
    palette: str = DEFAULT_PALETTE
    order: int | None = None
    number: int | None = None

    @property
    def applied_threshold(self) -> float:
        """Below this top probability the exported model is "not sure", 0..1."""
        return applied_threshold(self.settings, self.threshold)

    @property
    def never_refuses(self) -> bool:
        """Whether the settings say that the model is never "not sure"."""
        return self.settings.not_sure == NotSure.OFF.value

    @property
    def file(self) -> str:
        """Path of the main model inside the folder: the one that runs without an Edge TPU, if it exists."""
        return PLAIN_FILE if PLAIN_FILE in self.models else EDGE_TPU_FILE

    @property
    def models(self) -> dict[str, Path]:
        """The model files by path inside the folder."""
        own, other = (EDGE_TPU_FILE, PLAIN_FILE) if self.compiled_for_edge_tpu else (PLAIN_FILE, EDGE_TPU_FILE)
        return {own: self.model_path} | ({other: self.counterpart} if self.counterpart is not None else {})


def export_facts(trained: TrainedModel, session: Session, extractor: EmbeddingExtractor) -> ExportFacts:
    """Collect the facts of a model that was just trained on the centre squares of a session's pictures."""
    return ExportFacts(
        model_path=trained.path,
        labels=trained.labels,
        shots=session.taught().shots(),
        validation_accuracy=trained.validation_accuracy,
        validation_from=trained.validation_from,
        threshold=trained.threshold,
        extractor_name=extractor.name,
        extractor_sha256=extractor.origin_sha256,
        compiled_for_edge_tpu=extractor.compiled_for_edge_tpu,
        preprocessing=replace(PREPROCESSING, float_input=extractor.normalization).as_dict(),
        training_report=trained.training_report,
        counterpart=saved_counterpart(trained.path),
    )


def export_name(now: datetime, name: str, *, ascii_only: bool = False) -> str:
    """Return a folder name such as 2026-01-31_1412_apple_cup."""
    return f"{now:%Y-%m-%d_%H%M}_{safe_file_name(name, longest_bytes=NAME_BYTES, ascii_only=ascii_only)}"
