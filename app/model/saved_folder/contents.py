"""Collect the files of the folder that a visitor takes home, and write it."""

from __future__ import annotations

import io
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from app.base.errors import PictureDamaged
from app.base.file_names import HOME_PAGE, safe_file_name
from app.base.paths import asset_path
from app.model.not_sure import with_settings_applied
from app.model.relabel import with_labels
from app.model.saved_folder.facts import PLAIN_FILE, REPORT, ExportFacts
from app.model.saved_folder.page import PICTURES_PER_CLASS, PageFacts, open_me_page
from app.model.saved_folder.page_engine import read_engine
from app.model.saved_folder.readme import ReadmeFacts, readme
from app.model.saved_folder.report_page import report_page
from app.model.saved_folder.signature import SIGNATURE
from app.model.saved_folder.verified_folder import CHECKSUMS, METADATA, with_checksums, write_folder
from app.session.pictures import decode_picture, encode_picture, thumbnail
from app.session.session import Sample, Session
from learning.novelty import NOVELTY_FILE

SCRIPT = asset_path("export", "classify.py")
PAGE_PICTURES = 60  # of all classes together, if there are no more classes
PAGE_PICTURE_PX = ((60, 144), (160, 96), (1000, 64))  # up to how many pictures in the page, the edge of each


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
    more: Mapping[str, bytes] | None = None,
    sign: Callable[[bytes], bytes] | None = None,
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
        more: Files to add by name; they replace those of the same name.
        sign: Makes the content of SIGNATURE from that of SHA256SUMS; None writes no such file.
        display_path, on_drive, on_step, on_progress: See `app.model.saved_folder.verified_folder.write_folder`.

    Raises:
        ExportError: For the reasons of `app.model.saved_folder.verified_folder.write_folder`.
    """
    shown = include_pictures if report_pictures is None else report_pictures
    pictures = _pictures(session, ascii_names) if include_pictures else {}
    files = with_checksums({**_contents(facts, session, shown, pictures), **(more or {})})
    if sign is not None:
        files[SIGNATURE] = sign(files[CHECKSUMS])
    write_folder(folder, files, display_path=display_path, on_drive=on_drive, on_step=on_step, on_progress=on_progress)
    return folder


def _contents(
    facts: ExportFacts, session: Session | None, report_pictures: bool, pictures: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return all files by name."""
    labels = "".join(f"{index} {' '.join(label.split())}\n" for index, label in enumerate(facts.labels)).encode()
    files = {
        **{name: _model(path, facts) for name, path in facts.models.items()},
        **{f"{Path(name).parent}/labels.txt": labels for name in facts.models},
        METADATA: _json(_metadata(facts)),
        "classify.py": SCRIPT.read_bytes(),
    }
    shown = session.samples if session is not None and report_pictures else ()
    page = _page(facts, shown, files)
    if page is not None:
        files[HOME_PAGE] = page
    files["README.txt"] = _readme(facts, has_page=page is not None)
    if facts.training_report is not None:
        files["report.json"] = _json(facts.training_report)
        shown_pictures = {one.sample_id: one.picture for one in shown}
        link = None if page is None else HOME_PAGE
        report_facts = {**facts.training_report, "threshold": 0.0} if facts.never_refuses else facts.training_report
        report = report_page(report_facts, shown_pictures, link=link, language=facts.language)
        files[REPORT] = report.encode()
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


def _model(path: Path, facts: ExportFacts) -> bytes:
    """The model as it is used at home: with the present names of its classes, and with the settings of the kiosk."""
    return with_settings_applied(with_labels(path.read_bytes(), facts.labels), facts.settings)


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
            report=REPORT if facts.training_report is not None else None,
            pictures=_page_pictures(samples, len(facts.labels)),
        ),
        files[PLAIN_FILE],
        engine,
    )


def _page_pictures(samples: Sequence[Sample], classes: int) -> list[list[bytes]]:
    """Small copies of some pictures of each class; pictures that cannot be decoded are left out."""
    pictures: list[list[bytes]] = [[] for _ in range(classes)]
    of_each = min(PICTURES_PER_CLASS, max(1, PAGE_PICTURES // classes))
    edge_px = next((edge for most, edge in PAGE_PICTURE_PX if of_each * classes <= most), PAGE_PICTURE_PX[-1][1])
    for sample in samples:
        shown = pictures[sample.class_index]
        if len(shown) < of_each:
            with suppress(PictureDamaged):
                picture = decode_picture(sample.picture)
                shown.append(encode_picture(thumbnail(picture, min(edge_px, picture.shape[0]))))
    return pictures


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
        **({} if facts.number is None else {"number": facts.number}),
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
