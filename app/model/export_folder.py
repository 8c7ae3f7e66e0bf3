"""The content of the folder that a visitor takes away."""

from __future__ import annotations

import io
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from app.base.file_names import safe_file_name
from app.base.i18n import SOURCE_LANGUAGE
from app.base.not_sure import NotSure
from app.base.paths import asset_path
from app.config.schema import ModelSettings
from app.model.model_files import saved_counterpart
from app.model.not_sure import applied_threshold, with_settings_applied
from app.model.page import PageFacts, open_me_page
from app.model.page_engine import read_engine
from app.model.readme import ReadmeFacts, readme
from app.model.report import report_page
from app.model.train import TrainedModel
from app.model.verified_folder import with_checksums, write_folder
from app.session.session import Sample, Session
from learning.novelty import NOVELTY_FILE
from learning.validation import Origin
from tpu.extractor import EmbeddingExtractor
from tpu.tensors import PREPROCESSING

PAGE = "open_me.html"
EXPORT_FOLDER = "teachable"  # on a drive and in the export directory alike
SCRIPT = asset_path("export", "classify.py")
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
        training_report: See `app.model.report.training_report`; None if it is lost.
        validation_from: What the accuracy was measured on; None if that is unknown.
        settings: Those that decide when the exported model is "not sure".
        counterpart: The same head on the other form of the extractor, if it exists.
        language, palette: What `open_me.html` starts with.
        order: The folder with the largest order is the newest (`app.importing.find.next_order`); None leaves it out.
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


def write_export(
    folder: Path,
    facts: ExportFacts,
    session: Session | None,
    *,
    include_pictures: bool,
    report_pictures: bool | None = None,
    ascii_names: bool = False,
    display_path: Path | None = None,
    on_drive: bool = False,
    on_step: Callable[[str, bool], None] | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Path:
    """Write the folder; it keeps its name only if every byte of it reads back from the medium.

    Args:
        folder: Where to write. An earlier export of that name is replaced; anything else is left alone.
        facts: The model and what is known about it.
        session: Written as session.npz and session.json, so that another kiosk can continue it; None leaves it out.
        include_pictures: Also write the visitor's pictures.
        report_pictures: Show wrongly named pictures in the report, and some pictures of each class in the page; None
            means the same as `include_pictures`.
        ascii_names: Use only ASCII in the names of the picture folders.
        display_path, on_drive, on_step, on_progress: See `app.model.verified_folder.write_folder`.

    Raises:
        ExportError: For the reasons of `app.model.verified_folder.write_folder`.
    """
    shown = include_pictures if report_pictures is None else report_pictures
    files = with_checksums(
        _contents(facts, session, shown, _pictures(session, ascii_names) if include_pictures else {})
    )
    write_folder(folder, files, display_path=display_path, on_drive=on_drive, on_step=on_step, on_progress=on_progress)
    return folder


def _contents(
    facts: ExportFacts, session: Session | None, report_pictures: bool, pictures: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return all files by name."""
    labels = "".join(f"{index} {' '.join(label.split())}\n" for index, label in enumerate(facts.labels)).encode()
    files = {
        **{name: with_settings_applied(path.read_bytes(), facts.settings) for name, path in facts.models.items()},
        **{f"{Path(name).parent}/labels.txt": labels for name in facts.models},
        "metadata.json": _json(_metadata(facts)),
        "classify.py": SCRIPT.read_bytes(),
    }
    shown = session.samples if session is not None and report_pictures else ()
    page = _page(facts, shown, files)
    if page is not None:
        files[PAGE] = page
    files["README.txt"] = _readme(facts, has_page=page is not None)
    if facts.training_report is not None:
        files["report.json"] = _json(facts.training_report)
        shown_pictures = {one.sample_id: one.picture for one in shown}
        link = None if page is None else PAGE
        report_facts = {**facts.training_report, "threshold": 0.0} if facts.never_refuses else facts.training_report
        report = report_page(report_facts, shown_pictures, link=link, language=facts.language)
        files["report.html"] = report.encode()
    if session is not None and session.samples:
        files["session.npz"] = _arrays(session)
        files["session.json"] = _json(
            {
                "labels": list(session.labels),
                "extractor": {"name": session.extractor_name, "sha256": session.extractor_sha256},
            }
        )
        files |= pictures
    return files


def _page(facts: ExportFacts, samples: Sequence[Sample], files: Mapping[str, bytes]) -> bytes | None:
    """The page that runs the model in a browser; None if its engine is missing, or all models need an Edge TPU."""
    engine = read_engine()
    if engine is None or PLAIN_FILE not in files:
        return None
    accuracies = (facts.training_report or {}).get("class_accuracy") or [None] * len(facts.labels)
    share = facts.preprocessing.get("crop_share", 1.0)
    return open_me_page(
        PageFacts(
            model_file=PLAIN_FILE,
            labels=facts.labels,
            shots=facts.shots,
            class_accuracy=accuracies,
            validation_accuracy=facts.validation_accuracy,
            validation_from=facts.validation_from,
            threshold=facts.applied_threshold,
            crop_share=share if isinstance(share, float) else 1.0,
            extractor_name=facts.extractor_name,
            date=f"{datetime.now():%Y-%m-%d}",
            language=facts.language,
            palette=facts.palette,
            pictures=[
                [one.picture for one in samples if one.class_index == index] for index in range(len(facts.labels))
            ],
        ),
        files[PLAIN_FILE],
        engine,
    )


def _metadata(facts: ExportFacts) -> dict[str, object]:
    return {
        "labels": list(facts.labels),
        "shots": dict(zip(facts.labels, facts.shots, strict=True)),
        "validation_accuracy": facts.validation_accuracy,
        "validation_from": facts.validation_from,
        "provisional": bool((facts.training_report or {}).get("provisional", False)),
        "threshold": facts.applied_threshold,
        "not_sure": {
            "setting": facts.settings.not_sure,
            "below_probability": facts.applied_threshold,
            "above_novelty": 1.0,
            "file": None if facts.never_refuses else NOVELTY_FILE,
            "where": "inside every model file, which is a ZIP archive, too: `unzip model.tflite not_sure.npz`",
        },
        "preprocessing": {**facts.preprocessing, "mirrored": False},
        "model": facts.file,
        "models": list(facts.models),
        "extractor": {"name": facts.extractor_name, "sha256": facts.extractor_sha256},
        **({} if facts.order is None else {"order": facts.order}),
        "versions": {
            **{name: _version(name) for name in ("teachable-kiosk", "ai-edge-litert", "numpy", "opencv-python")},
            "python": platform.python_version(),
        },
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _arrays(session: Session) -> bytes:
    stream = io.BytesIO()
    made, made_source = session.made()
    np.savez_compressed(
        stream,
        embeddings=session.embeddings(),
        label_indices=session.label_indices(),
        holds=session.holds(),
        made=made,
        made_source=made_source,
    )
    return stream.getvalue()


def _pictures(session: Session | None, ascii_names: bool) -> dict[str, bytes]:
    if session is None:
        return {}
    names = [safe_file_name(label, ascii_only=ascii_names) for label in session.labels]
    counts = [0] * len(names)
    files: dict[str, bytes] = {}
    for sample in session.samples:
        counts[sample.class_index] += 1
        folder = f"{sample.class_index}_{names[sample.class_index]}"
        files[f"samples/{folder}/{counts[sample.class_index]:03d}.jpg"] = sample.picture
    return files


def _readme(facts: ExportFacts, *, has_page: bool) -> bytes:
    return readme(
        ReadmeFacts(
            labels=facts.labels,
            model_file=facts.file,
            has_page=has_page,
            has_report=facts.training_report is not None,
            needs_edge_tpu=PLAIN_FILE not in facts.models,
            threshold=None if facts.never_refuses else facts.applied_threshold,
            language=facts.language,
        )
    ).encode()


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
